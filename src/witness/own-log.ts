import { selectLog } from '../db/leaves.ts';
import type { Queryable } from '../db/pool.ts';
import { parseLogRecord } from '../format/log.ts';
import { type NoteKey, parseNoteKey } from '../format/note.ts';
import { selectKeySchedule } from '../log/key-schedule.ts';
import type { LogReader } from '../log/log-reader.ts';
import type { AskedLog } from './witness-client.ts';

/** Our log, as witnesses are asked about it. @param ownKey the key that signs now */
export function askedLog(
  q: Queryable,
  reader: Pick<LogReader, 'consistencyProof' | 'rootAt' | 'size'>,
  ownKey: NoteKey,
): AskedLog {
  return {
    origin: ownKey.name,
    keys: async () => {
      const log = await selectLog(q);
      const known = log === undefined ? [] : (await selectKeySchedule(q, parseLogRecord(log.record).keys)).keys();
      return [ownKey, ...known.map(parseNoteKey)];
    },
    consistencyProof: (size1, size2) => reader.consistencyProof(size1, size2),
    rootAt: (treeSize) => reader.rootAt(treeSize),
    size: () => reader.size(),
  };
}
