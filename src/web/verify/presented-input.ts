import { CodedError } from '../../errors.ts';
import { OWN_KINDS, type OwnKind, recognise, type ThingKind } from '../../verify/inspect/recognise.ts';

/** A thing that the reader wants verified. */
export interface Subject {
  kind: ThingKind;
  file: File;
}

/** What a heap of dropped files is, told by content and never by name. */
export interface SortedInput {
  /** One document of this project at most, then the things of others. */
  subjects: Subject[];
  /** Documents of this project that say less than the one taken. */
  notUsed: File[];
  policies: File[];
  originals: File[];
}

export class InputError extends CodedError<'not-a-document' | 'file-unreadable'> {}

/**
 * Beside a certificate, signed PDFs and bags of others are taken as the evidence that it speaks of; alone they are looked into
 * themselves. Proofs always are.
 * @throws InputError `file-unreadable` if one was moved or changed since it was chosen
 */
export async function sortInput(files: readonly File[]): Promise<SortedInput> {
  const sorted: SortedInput = { subjects: [], notUsed: [], policies: [], originals: [] };
  const own: { kind: OwnKind; file: File }[] = [];
  const evidence: Subject[] = [];
  const proofs: Subject[] = [];
  for (const file of files) {
    const kind = await kindOf(file);
    if (kind === undefined) sorted.originals.push(file);
    else if (kind === 'policy') sorted.policies.push(file);
    else if (isOwn(kind)) own.push({ kind, file });
    else if (kind === 'signed-pdf' || kind === 'bag') evidence.push({ kind, file });
    else proofs.push({ kind, file });
  }
  own.sort((a, b) => OWN_KINDS.indexOf(a.kind) - OWN_KINDS.indexOf(b.kind));
  const [taken, ...others] = own;
  sorted.notUsed = others.map(({ file }) => file);
  if (taken === undefined) sorted.subjects = [...proofs, ...evidence];
  else {
    sorted.subjects = [taken, ...proofs];
    sorted.originals.push(...evidence.map(({ file }) => file));
  }
  return sorted;
}

/** @throws InputError `file-unreadable` */
export async function kindOf(file: File): Promise<ThingKind | 'policy' | undefined> {
  try {
    return await recognise(file);
  } catch (cause) {
    if (cause instanceof CodedError) throw cause;
    throw new InputError('file-unreadable', `${file.name} could not be read: ${(cause as Error).message}`, { cause });
  }
}

function isOwn(kind: ThingKind): kind is OwnKind {
  return (OWN_KINDS as readonly string[]).includes(kind);
}

/** @throws InputError `file-unreadable` if the file was moved or changed since it was chosen */
export async function bytesOf(blob: Blob): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return new Uint8Array(await blob.arrayBuffer());
  } catch (cause) {
    throw new InputError('file-unreadable', `the file could not be read: ${(cause as Error).message}`, { cause });
  }
}
