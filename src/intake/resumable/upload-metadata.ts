import { FormatError } from '../../errors.ts';
import { checkFields, uuid } from '../../format/fields.ts';
import { ResumableError } from './resumable-error.ts';

/** Of the header Upload-Metadata. */
export const MAX_UPLOAD_METADATA_BYTES = 1024;

/** Which file's content an upload brings. */
export interface UploadTarget {
  depositId: string;
  fileIndex: number;
}

/** What tus clients add by themselves. It is thrown away: names are the depositor's secret, and the type is found from the content. */
const IGNORED: readonly string[] = ['filename', 'filetype', 'name', 'type'];

/** @throws ResumableError `invalid-upload-metadata` */
export function parseUploadMetadata(metadata: Readonly<Record<string, string | null>>): UploadTarget {
  const unknown = Object.keys(metadata).find((key) => key !== 'deposit' && key !== 'file' && !IGNORED.includes(key));
  if (unknown !== undefined) throw invalid(`the key ${JSON.stringify(unknown.slice(0, 40))} is not known`);
  const { deposit, file } = metadata;
  if (typeof file !== 'string' || !/^(?:0|[1-9][0-9]{0,2})$/.test(file)) {
    throw invalid('"file" is the position of the file in the deposit, from 0 to 999');
  }
  try {
    return { depositId: checkFields(uuid, deposit), fileIndex: Number(file) };
  } catch (cause) {
    if (cause instanceof FormatError) throw invalid('"deposit" is the id of a deposit of digests');
    throw cause;
  }
}

function invalid(why: string): ResumableError {
  return new ResumableError('invalid-upload-metadata', `Upload-Metadata: ${why}`);
}
