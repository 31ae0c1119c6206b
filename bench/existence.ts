// Whether the time of an answer tells that something exists which the caller has nothing to do with: each question is asked, in turn and
// in random order, about another's object and about one that never was. Two rows are beside the others to judge them by: two things of
// which neither was, where nothing can differ, and one's own thing, which must differ.
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Agent, request } from 'node:http';
import sharp from 'sharp';
import { Authentication } from '../src/access/authentication.ts';
import { insertAccount, updateAccountRoles } from '../src/db/accounts.ts';
import { openDatabase } from '../src/db/pool.ts';
import { type EvaluationService, fetchDeposit, startEvaluationService, untilCertified } from './evaluation-service.ts';
import { figure, median, printTable } from './measurement.ts';

const PAIRS = Number(process.env.PAIRS ?? 1500);
const WARM_UP = 50;
/** |z| of the sign test above which a difference is called one. By chance once in about 1,700 rows. */
const SIGNIFICANT = 3.4;
/** What a row may differ by and still be no finding: far below what a network hides, and above what a warm cache of one page makes. */
const TOLERATED = 0.02;

interface Question {
  label: string;
  method: 'GET' | 'POST';
  /** Another's, and one that never was. */
  paths: [string, string];
  bodies?: [object, object];
  /** Of the answer to both; the bytes are compared, too. */
  status: number;
}

interface Row {
  label: string;
  existingMs: number;
  missingMs: number;
  /** Of existing minus missing, pair by pair. */
  differenceMs: number;
  z: number;
}

export async function run(): Promise<void> {
  console.log(`${PAIRS} pairs for each question, over one connection, one request at a time`);
  const service = await startEvaluationService();
  const db = openDatabase({ url: service.databaseUrl, maxConnections: 2 });
  try {
    const authentication = new Authentication({
      db,
      nowMs: Date.now,
      cookieName: 'unused',
      sessionMs: 3600_000,
    });
    const account = async (name: string, roles: string[]) => {
      const accountId = randomUUID();
      await insertAccount(db.pool, {
        accountId,
        name,
        kind: 'unknown',
        identityMethod: 'none',
        identityCheckedAt: null,
      });
      await updateAccountRoles(db.pool, accountId, roles);
      const apiKey = await authentication.createApiKey(accountId, 'bench');
      await db.pool.query('update api_key set roles = $2 where account_id = $1', [accountId, roles]);
      return { accountId, apiKey };
    };
    const owner = await account('甲', ['holder']);
    const stranger = await account('乙', ['holder', 'notary', 'reader']);
    const office = await account('公证处', ['notary']);
    const theirs = await things({ ...service, apiKey: owner.apiKey }, office.accountId);
    const own = await things({ ...service, apiKey: stranger.apiKey }, office.accountId);
    const rows: Row[] = [];
    for (const question of questions(theirs, own)) {
      if (process.stdout.isTTY) process.stdout.write(`\r\x1b[K  ${question.label} …`);
      rows.push(await ask(service.url, stranger.apiKey, question));
    }
    if (process.stdout.isTTY) process.stdout.write('\r\x1b[K');
    report(rows);
  } finally {
    await db.close();
    await service.stop();
  }
}

interface Things {
  depositId: string;
  sha256: string;
  certificateNo: string;
  matterId: string;
  itemId: string;
  requestId: string;
  linkId: string;
  grantId: string;
  handOverId: string;
}

/** One of everything, of whoever's key it is. */
async function things(by: EvaluationService, officeAccountId: string): Promise<Things> {
  const pixels = { raw: { width: 400, height: 300, channels: 3 } } as const;
  const picture = await sharp(randomBytes(400 * 300 * 3), pixels)
    .jpeg()
    .toBuffer();
  const form = new FormData();
  form.append('files', new Blob([new Uint8Array(picture)]), 'a.jpg');
  const post = async (path: string, body: object | FormData): Promise<Record<string, string>> => {
    const isForm = body instanceof FormData;
    const answer = await fetch(`${by.url}/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${by.apiKey}`, ...(!isForm && { 'content-type': 'application/json' }) },
      body: isForm ? body : JSON.stringify(body),
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as Record<string, string>;
  };
  const depositId = (await post('/deposits', form)).depositId as string;
  const matterId = (await post('/matters', { title: 'm', dispute: 'copyright' })).matterId as string;
  const itemId = (await post(`/matters/${matterId}/items`, { depositId })).itemId as string;
  const requestId = (await post('/requests', { officeAccountId, depositIds: [depositId], subject: 's' }))
    .requestId as string;
  const expiresAt = new Date(Date.now() + 3600_000).toISOString();
  const link = { depositId, reader: 'r', scope: 'read', maxOpenings: 1, expiresAt };
  const linkId = (await post('/links', link)).linkId as string;
  const grant = { matterId, to: { accountId: officeAccountId }, scope: 'read' };
  const grantId = (await post('/grants', grant)).grantId as string;
  const given = await post('/hand-overs', { depositId, receiver: { kind: 'court', name: 'c' } });
  const handOverId = (given.handOver as unknown as { handOverId: string }).handOverId;
  await untilCertified(by, depositId);
  const certificate = Buffer.from(await fetchDeposit(by, depositId, 'certificate.json')).toString('utf8');
  const { claims } = JSON.parse(certificate) as { claims: { certificateNo: string } };
  const sha256 = createHash('sha256').update(picture).digest('hex');
  const { certificateNo } = claims;
  return { depositId, sha256, certificateNo, matterId, itemId, requestId, linkId, grantId, handOverId };
}

function questions(theirs: Things, own: Things): Question[] {
  const about = (label: string, existing: string, path: (id: string) => string): Question => ({
    label,
    method: 'GET',
    paths: [path(existing), path(randomUUID())],
    status: 404,
  });
  const deposit = (id: string) => `/deposits/${id}`;
  const unknownNo = theirs.certificateNo.replace(/.{4}$/, (end) => (end === '2222' ? '3333' : '2222'));
  return [
    about('neither was: deposit', randomUUID(), deposit),
    { ...about('one’s own: deposit', own.depositId, deposit), status: 0 },
    about('deposit', theirs.depositId, deposit),
    about('its preview', theirs.depositId, (id) => `/deposits/${id}/files/0/preview`),
    about('its file', theirs.depositId, (id) => `/deposits/${id}/files/0`),
    about('its package', theirs.depositId, (id) => `/deposits/${id}/package.zip`),
    about('its custody', theirs.depositId, (id) => `/deposits/${id}/custody`),
    about('matter', theirs.matterId, (id) => `/matters/${id}`),
    about('its evidence index', theirs.matterId, (id) => `/matters/${id}/index.json`),
    about('request to an office', theirs.requestId, (id) => `/requests/${id}`),
    about('link', theirs.linkId, (id) => `/links/${id}`),
    about('grant', theirs.grantId, (id) => `/grants/${id}`),
    about('hand-over', theirs.handOverId, (id) => `/hand-overs/${id}`),
    {
      label: 'search by a digest',
      method: 'GET',
      paths: [`/files?sha256=${theirs.sha256}`, `/files?sha256=${randomBytes(32).toString('hex')}`],
      status: 200,
    },
    {
      label: 'certificate, with a wrong file',
      method: 'POST',
      paths: ['/certificates/look-up', '/certificates/look-up'],
      bodies: [
        { certificateNo: theirs.certificateNo, sha256: '00'.repeat(32) },
        { certificateNo: unknownNo, sha256: '00'.repeat(32) },
      ],
      status: 404,
    },
    {
      label: 'certificate that never was, with a file that is deposited',
      method: 'POST',
      paths: ['/certificates/look-up', '/certificates/look-up'],
      bodies: [
        { certificateNo: unknownNo, sha256: theirs.sha256 },
        { certificateNo: unknownNo, sha256: '00'.repeat(32) },
      ],
      status: 404,
    },
  ];
}

async function ask(url: string, apiKey: string, question: Question): Promise<Row> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const differences: number[] = [];
  const times: [number[], number[]] = [[], []];
  try {
    for (let i = -WARM_UP; i < PAIRS; i++) {
      const order = Math.random() < 0.5 ? ([0, 1] as const) : ([1, 0] as const);
      const took: [number, number] = [0, 0];
      const bodies: [string, string] = ['', ''];
      for (const which of order) {
        const startedMs = performance.now();
        const { status, body } = await once(agent, url, apiKey, question, which);
        took[which] = performance.now() - startedMs;
        if (question.status !== 0 && status !== question.status) {
          throw new Error(`${question.label}: ${status} ${body}`);
        }
        bodies[which] = withoutIds(body, question, which);
      }
      if (question.status !== 0 && bodies[0] !== bodies[1]) {
        throw new Error(`${question.label}: another's is answered ${bodies[0]}, one that never was ${bodies[1]}`);
      }
      if (i < 0) continue;
      differences.push(took[0] - took[1]);
      times[0].push(took[0]);
      times[1].push(took[1]);
    }
  } finally {
    agent.destroy();
  }
  const slower = differences.filter((each) => each > 0).length;
  return {
    label: question.label,
    existingMs: median(times[0]),
    missingMs: median(times[1]),
    differenceMs: median(differences),
    // Sign test: without a difference, each is the slower one in half of the pairs.
    z: (slower - differences.length / 2) / Math.sqrt(differences.length / 4),
  };
}

function once(
  agent: Agent,
  url: string,
  apiKey: string,
  { method, paths, bodies }: Question,
  which: 0 | 1,
): Promise<{ status: number; body: string }> {
  const json = bodies === undefined ? undefined : JSON.stringify(bodies[which]);
  const headers = {
    authorization: `Bearer ${apiKey}`,
    ...(json !== undefined && { 'content-type': 'application/json', 'content-length': Buffer.byteLength(json) }),
  };
  return new Promise((resolve, reject) => {
    const sent = request(`${url}/api/v1${paths[which]}`, { agent, method, headers }, (answer) => {
      const chunks: Buffer[] = [];
      answer.on('data', (chunk: Buffer) => chunks.push(chunk));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }));
      answer.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(json);
  });
}

/** An answer without the ids that were asked for, and without its own. */
function withoutIds(body: string, { paths, bodies }: Question, which: 0 | 1): string {
  const asked = [paths[which], ...Object.values(bodies?.[which] ?? {})].flatMap((text) => String(text).split(/[/?=]/));
  const ids = asked.filter((text) => text.length >= 20);
  const without = ids.reduce((text, id) => text.replaceAll(id, '<id>'), body);
  return without.replace(/"requestId":"[^"]+"/, '');
}

function report(rows: readonly Row[]): void {
  const told = ({ existingMs, missingMs, differenceMs, z }: Row) => {
    const share = Math.abs(differenceMs) / Math.max(existingMs, missingMs);
    if (Math.abs(z) <= SIGNIFICANT) return 'no difference';
    return share <= TOLERATED ? `within ${TOLERATED * 100} %` : 'DIFFERENT';
  };
  printTable(
    ['', 'exists', 'never was', 'difference', 'z', ''],
    rows.map((row) => [
      row.label,
      `${figure(row.existingMs)} ms`,
      `${figure(row.missingMs)} ms`,
      `${figure(row.differenceMs * 1000)} µs`,
      row.z.toFixed(1),
      told(row),
    ]),
  );
  const [neither, own, ...others] = rows as [Row, Row, ...Row[]];
  if (told(own) !== 'DIFFERENT') console.log('  the measure is too coarse: not even one’s own differs');
  if (told(neither) === 'DIFFERENT')
    console.log('  the machine was not quiet: even what never was differs from itself');
  const found = others.filter((row) => told(row) === 'DIFFERENT');
  if (found.length > 0 || told(own) !== 'DIFFERENT' || told(neither) === 'DIFFERENT') process.exitCode = 1;
}
