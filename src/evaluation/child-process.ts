import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { mkdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { CodedError } from '../errors.ts';

/** What keeps an embedded part (PostgreSQL, anvil) of the evaluation profile from running. */
export type EmbeddedErrorCode =
  | 'embedded-binary-missing'
  | 'embedded-folder-in-use'
  | 'embedded-folder-unreachable'
  | 'embedded-user-missing'
  | 'embedded-start-failed'
  | 'embedded-state-unreadable'
  | 'embedded-not-running';

export class EmbeddedError extends CodedError<EmbeddedErrorCode> {}

export interface ChildExit {
  code: number | null;
  signal: NodeJS.Signals | null;
}

export interface GuardedChild {
  pid: number;
  /** Resolves when the child has ended, whoever ended it, and `onLine` has had its last lines. */
  exited: Promise<ChildExit>;
  /** Sends `signal`, and SIGKILL after `graceMs`. Resolves once the child has ended. */
  stop(signal: NodeJS.Signals, graceMs: number): Promise<ChildExit>;
}

export interface GuardedSpawn {
  command: string;
  args: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
  /** User and group to run as; only root may give them. */
  user?: { uid: number; gid: number } | undefined;
  /** Called for each line of either output, without the line end. */
  onLine: (line: string) => void;
  /** Sent to the child when this process ends in whatever way, SIGKILL included. */
  signalOnParentDeath: NodeJS.Signals;
}

/** How long the output of a child that has ended is waited for. */
const LAST_LINES_MS = 1000;

// Its input is a pipe of which only the parent holds the other end: the kernel closes it when the parent dies. A line means
// that the child has ended already and its id may belong to somebody else by now.
const WATCHDOG = 'if ! read -r _; then kill "-$1" "$2" 2>/dev/null; fi';

/**
 * Starts a child in a session of its own, so that Ctrl-C in a terminal reaches this process alone and it stops the child in its
 * own order, and a watchdog beside it that ends the child if this process dies.
 * @throws EmbeddedError `embedded-binary-missing` if the command cannot be run.
 */
export async function spawnGuarded(spec: GuardedSpawn): Promise<GuardedChild> {
  const child = spawn(spec.command, spec.args, {
    cwd: spec.cwd,
    env: spec.env,
    ...spec.user,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<ChildExit>((resolve) => {
    child.once('exit', (code, signal) => {
      // Its last lines come after its end; somebody who inherited its output may keep that open.
      const timer = setTimeout(resolve, LAST_LINES_MS, { code, signal });
      child.once('close', () => {
        clearTimeout(timer);
        resolve({ code, signal });
      });
    });
  });
  await started(child, spec.command);
  const pid = child.pid as number;
  for (const stream of [child.stdout, child.stderr]) createInterface({ input: stream }).on('line', spec.onLine);

  const watchdog = spawn('/bin/sh', ['-c', WATCHDOG, 'watchdog', spec.signalOnParentDeath.slice(3), String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  try {
    await started(watchdog, '/bin/sh');
  } catch (error) {
    child.kill('SIGKILL'); // Nobody would end it if this process died.
    throw error;
  }
  watchdog.stdin.on('error', () => {}); // It is gone: nothing left to tell it.
  // It ends after the child; only the child keeps this process waiting.
  watchdog.unref();
  (watchdog.stdin as unknown as { unref(): void }).unref();
  void exited.then(() => watchdog.stdin.end('ended\n'));

  return {
    pid,
    exited,
    async stop(signal, graceMs) {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      const exit = await exited;
      clearTimeout(timer);
      return exit;
    },
  };
}

async function started(child: ChildProcess, command: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(new EmbeddedError('embedded-binary-missing', `cannot run ${command}: ${cause.message}`, { cause }));
    });
  });
}

/** A TCP port of 127.0.0.1 that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, '127.0.0.1', resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('a TCP server has no port');
  return address.port;
}

/**
 * A text that this process id has only while it belongs to the same process (its start time), or undefined if no such process
 * runs. Process ids are used again, after a reboot or a container's restart even at once.
 */
export async function processIdentity(pid: number): Promise<string | undefined> {
  if (process.platform === 'linux') {
    try {
      const [stat, boot] = await Promise.all([
        readFile(`/proc/${pid}/stat`, 'utf8'),
        readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      ]);
      // The name in parentheses may hold anything; state and start time are fields 3 and 22 (proc_pid_stat(5)).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' ? undefined : `${boot.trim()} ${fields[19]}`;
    } catch {
      return undefined;
    }
  }
  const started = await ps(pid, 'lstart=');
  return started === '' ? undefined : started;
}

/** Path of the program that a process runs, or undefined if there is none or it may not be known. */
export async function processProgram(pid: number): Promise<string | undefined> {
  try {
    // After an update of the file the kernel appends " (deleted)".
    if (process.platform === 'linux') return (await readlink(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, '');
  } catch {
    return undefined;
  }
  const program = await ps(pid, 'comm=');
  return program === '' ? undefined : program;
}

async function ps(pid: number, format: string): Promise<string> {
  try {
    return (await promisify(execFile)('ps', ['-p', String(pid), '-o', format])).stdout.trim();
  } catch {
    return ''; // No such process.
  }
}

/** Writes down a running process in a form that `recordedProcess` can trust later. */
export async function recordProcess(path: string, pid: number): Promise<void> {
  const text = `${pid} ${await processIdentity(pid)}\n`;
  // A new file, since the old one may be of another user.
  await rm(path, { force: true });
  await writeFile(path, text, { mode: 0o644, flag: 'wx' });
}

/** The process recorded at `path` if it still runs: the same one, not another that was given its id since. */
export async function recordedProcess(path: string): Promise<{ pid: number; identity: string } | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  const [, id, identity] = /^(\d{1,10}) (.+)\n$/.exec(text) ?? [];
  if (id === undefined || identity === undefined) return undefined; // Torn by a crash: whoever wrote it is gone.
  const pid = Number(id);
  return (await processIdentity(pid)) === identity ? { pid, identity } : undefined;
}

/**
 * Claims a folder for this process, so that no second server works on it or takes the first one's children for orphans. A claim
 * dies with its process.
 * @returns what gives the claim up.
 * @throws EmbeddedError `embedded-folder-in-use` if a living process holds it, this one included.
 */
async function claimFolder(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'owner');
  const holder = await recordedProcess(path);
  if (holder !== undefined) {
    throw new EmbeddedError('embedded-folder-in-use', `${folder} is used by process ${holder.pid}; stop it first`);
  }
  await recordProcess(path, process.pid);
  return () => rm(path, { force: true });
}

/**
 * Makes the folder if it is not there, for this user alone, and claims it.
 * @returns what gives the claim up.
 * @throws EmbeddedError `embedded-folder-in-use`, or `embedded-folder-unreachable` if it cannot be worked in.
 */
export async function openFolder(folder: string): Promise<() => Promise<void>> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    return await claimFolder(folder);
  } catch (cause) {
    if (cause instanceof EmbeddedError) throw cause;
    const why = (cause as Error).message;
    throw new EmbeddedError('embedded-folder-unreachable', `cannot work in ${folder}: ${why}`, { cause });
  }
}

/** Ends a process that is not our child: `signal`, then SIGKILL after `graceMs`. Resolves once `identity` no longer runs. */
export async function endProcess(
  pid: number,
  identity: string,
  signal: NodeJS.Signals,
  graceMs: number,
): Promise<void> {
  const deadline = performance.now() + graceMs;
  let killed = false;
  kill(pid, signal);
  while ((await processIdentity(pid)) === identity) {
    if (!killed && performance.now() > deadline) {
      kill(pid, 'SIGKILL');
      killed = true;
    }
    await delay(20);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
