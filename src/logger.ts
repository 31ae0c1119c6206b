import { type Logger, pino } from 'pino';

export type { Logger } from 'pino';

/** Diagnostics as JSON lines on standard error; never secrets, names or contents. The Merkle log is something else. */
export function openLogger(level: string): Logger {
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: ['req.headers.authorization', 'req.headers.cookie', 'res.headers["set-cookie"]'],
    },
    pino.destination({ fd: 2, sync: false }),
  );
}
