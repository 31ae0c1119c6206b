import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Request, Response } from 'express';
import type { ByteRange } from '../storage/object-store.ts';
import { parseByteRange } from './byte-range.ts';

/** Evidence may be hostile: even opened on its own it runs nothing, loads nothing and is of no origin. */
const SANDBOX = "sandbox; default-src 'none'";

export function sendJson(res: Response, status: number, value: object): void {
  sendBytes(res, status, 'application/json', Buffer.from(JSON.stringify(value)));
}

/** Bytes that are an answer of our own making. */
export function sendBytes(res: Response, status: number, mediaType: string, bytes: Uint8Array): void {
  res.status(status);
  // Not `set`: Express adds a charset, which these media types do not have.
  res.setHeader('Content-Type', mediaType);
  res.setHeader('Content-Length', bytes.length);
  res.end(bytes);
}

/** A picture that was made for this one reader: shown, and as harmless as what was handed in. */
export function sendPicture(res: Response, mediaType: string, bytes: Uint8Array): void {
  res.set({ 'Content-Disposition': 'inline', 'Content-Security-Policy': SANDBOX });
  sendBytes(res, 200, mediaType, bytes);
}

/** What a depositor handed in, or what was made from it. */
export interface HandedIn {
  mediaType: string;
  sizeBytes: number;
  /** Hex; it never changes, so it is the entity tag. */
  sha256: string;
  /** Shown by the browser only where it is known to be harmless; else saved. */
  disposition: 'attachment' | 'inline';
  fileName: string;
  /** Opens the content, or a range of it. */
  open: (range: ByteRange) => Promise<Readable>;
}

/** Honours one range (RFC 9110 §14). @throws HttpError `range-not-satisfiable`; whatever `open` throws before the first byte */
export async function sendHandedIn(req: Request, res: Response, file: HandedIn): Promise<void> {
  const etag = `"${file.sha256}"`;
  const ifRange = req.get('if-range');
  const asked = ifRange === undefined || ifRange === etag ? req.get('range') : undefined;
  res.set({ 'Accept-Ranges': 'bytes', ETag: etag });
  const range = parseByteRange(asked, file.sizeBytes);
  const { start, end } = range ?? { start: 0, end: file.sizeBytes };
  const content = await file.open({ start, end });
  res.attachment(file.fileName);
  if (file.disposition === 'inline') res.set('Content-Disposition', 'inline');
  res.set({
    'Content-Type': file.mediaType,
    'Content-Length': String(end - start),
    'Content-Security-Policy': SANDBOX,
  });
  if (range !== undefined) res.status(206).set('Content-Range', `bytes ${start}-${end - 1}/${file.sizeBytes}`);
  if (req.method === 'HEAD') {
    content.destroy();
    res.end();
    return;
  }
  // An error in the middle cannot be told any more than by a connection that ends too early: pipeline destroys it.
  await pipeline(content, res);
}
