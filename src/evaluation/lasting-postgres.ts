import { setTimeout as delay } from 'node:timers/promises';
import { EmbeddedError } from './child-process.ts';
import { type EmbeddedPostgres, type EmbeddedPostgresOptions, startEmbeddedPostgres } from './postgres.ts';

export interface LastingPostgres {
  /** Stays the same for as long as this runs. */
  url: string;
  /** Process id of the postmaster; another one after it was restarted. */
  pid(): number;
  /**
   * Resolves, with `embedded-not-running`, when the server ended by itself and did not start again in time. Pending for ever
   * otherwise.
   */
  lost: Promise<EmbeddedError>;
  stop(): Promise<void>;
}

const RESTART_DELAY_MS = { first: 50, last: 2000 };

/**
 * PostgreSQL that is started again, on the port it had, whenever it ends by itself: what its clients see is what they see of any
 * database that is away for some seconds, and what they had committed is there.
 * @param restartWithinMs how long one end may keep it away before it counts as lost
 * @throws EmbeddedError as `startEmbeddedPostgres`
 */
export async function startLastingPostgres(
  options: EmbeddedPostgresOptions,
  restartWithinMs: number,
): Promise<LastingPostgres> {
  const { onLog } = options;
  let server = await startEmbeddedPostgres(options);
  const { url } = server;
  const port = Number(new URL(url).port);
  const stopped = new AbortController();

  /** Undefined when its end was asked for. */
  const watch = async (): Promise<EmbeddedError | undefined> => {
    for (;;) {
      const exit = await server.exited;
      if (stopped.signal.aborted) return undefined;
      onLog(`PostgreSQL ended (${exit.signal ?? exit.code}): starting it again`);
      const next = await restart();
      if (next instanceof EmbeddedError) return next;
      server = next;
      // Its end was asked for while it started.
      if (stopped.signal.aborted) await server.stop();
      else onLog(`PostgreSQL runs again as process ${server.pid}`);
    }
  };

  const restart = async (): Promise<EmbeddedPostgres | EmbeddedError> => {
    const deadline = performance.now() + restartWithinMs;
    for (let waitMs = RESTART_DELAY_MS.first; ; waitMs = Math.min(2 * waitMs, RESTART_DELAY_MS.last)) {
      try {
        // Until the last one's backends have noticed that it is gone, their shared memory keeps a new one from starting.
        return await startEmbeddedPostgres({ ...options, port });
      } catch (cause) {
        const message = (cause as Error).message;
        if (stopped.signal.aborted || performance.now() > deadline) {
          return new EmbeddedError('embedded-not-running', `PostgreSQL ended and does not start again: ${message}`, {
            cause,
          });
        }
        onLog(`PostgreSQL does not start: ${message}`);
      }
      await delay(waitMs, undefined, { signal: stopped.signal }).catch(() => {});
    }
  };

  const watching = watch();
  return {
    url,
    pid: () => server.pid,
    lost: watching.then((error) => error ?? new Promise(() => {})),
    async stop() {
      stopped.abort();
      await server.stop();
      await watching;
    },
  };
}
