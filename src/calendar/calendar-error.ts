import { CodedError } from '../errors.ts';

export type CalendarErrorCode =
  /** No connection, or an HTTP error of the server's. */
  | 'calendar-unreachable'
  | 'calendar-timeout'
  /** It answered that it does not take such requests. */
  | 'calendar-refused'
  /** Too large, no timestamp, or operations that our exports do not use. */
  | 'calendar-malformed'
  /** A timestamp that promises nothing, or promises it in the name of a calendar that is not configured. */
  | 'calendar-unrelated'
  /** It leads to another Merkle root than that block has. */
  | 'calendar-wrong-block'
  /** The operator's own file of Bitcoin headers. */
  | 'bitcoin-headers-unreadable';

/** What came of asking a calendar. Messages name its host. */
export class CalendarError extends CodedError<CalendarErrorCode> {}
