/**
 * Two OpenTimestamps calendars on loopback for other tools to ask, with a Bitcoin of their own whose blocks take no work to speak of.
 * Usage: run-calendar.ts FOLDER. Writes `calendars.json`, a setting of ours, once they answer, and keeps `bitcoin-headers` there, with
 * a block of each every two seconds. Runs until killed.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { TestCalendar } from '../../test/support/calendar.ts';

const [folder] = process.argv.slice(2) as [string];
const headersFile = join(folder, 'bitcoin-headers');
const calendars = [await TestCalendar.start()] as [TestCalendar, ...TestCalendar[]];
calendars.push(await TestCalendar.start(calendars[0].bitcoin));

function mine(): void {
  for (const calendar of calendars) calendar.mine(Math.floor(Date.now() / 1000));
  const lines = calendars[0].bitcoin.headers().map(({ height, header }) => `${height} ${header}\n`);
  writeFileSync(`${headersFile}.new`, lines.join(''));
  renameSync(`${headersFile}.new`, headersFile);
}

mine();
setInterval(mine, 2000);
const settings = { urls: calendars.map(({ url }) => url), intervalSeconds: 1, bitcoinHeadersFile: headersFile };
writeFileSync(join(folder, 'calendars.json'), JSON.stringify(settings));
