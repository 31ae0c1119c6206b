import { parseArgs } from 'node:util';
import { type Interruption, runUploadTrial } from '../test/resilience/upload-trial.ts';

/**
 * `node scripts/upload-trial.ts [--gib 5] [--interruptions network,tab,kill,network,kill]`
 *
 * The full form of test/resilience/upload-trial.test.ts. Takes about three times the size on disk, below the temporary folder.
 */
const { values } = parseArgs({
  options: {
    gib: { type: 'string', default: '5' },
    interruptions: { type: 'string', default: 'network,tab,kill,network,kill' },
  },
});
const sizeBytes = Math.round(Number(values.gib) * 1024 ** 3);
const outcome = await runUploadTrial({
  sizeBytes,
  withPackage: sizeBytes <= 256 * 1024 ** 2,
  interruptions: values.interruptions.split(',') as Interruption[],
  say: (text) => console.log(`  ${text}`),
});
const mib = (bytes: number) => `${Math.round(bytes / 1024 ** 2)} MiB`;
console.log(
  `${values.gib} GiB: ${outcome.interruptions} interruptions, ${outcome.seconds.toFixed(0)} s in all, ` +
    `${outcome.finishSeconds.toFixed(0)} s after the last byte, ${mib(outcome.sentAgain)} sent again, ` +
    `most memory of the service ${mib(outcome.peakMemoryBytes)}`,
);
