import type { Response } from 'express';
import * as z from 'zod';
import { FormatError } from '../errors.ts';
import { parseTilePath, TILE_WIDTH, type TileId } from '../format/tile.ts';
import type { LogReader } from '../log/log-reader.ts';
import { HttpError } from './http-error.ts';
import type { Route } from './route.ts';
import { sendBytes } from './send.ts';

const NOTE = 'text/plain; charset=utf-8';
const TILE = 'application/octet-stream';
const IMMUTABLE = 'public, max-age=31536000, immutable';

/** The log as c2sp.org/tlog-tiles serves it: read-only, public, salted commitments and nothing else. */
export function logRoutes(log: Pick<LogReader, 'refresh' | 'publishedCheckpoint' | 'tile'>): Route[] {
  return [
    {
      method: 'get',
      path: '/log/checkpoint',
      operationId: 'getCheckpoint',
      tag: 'log',
      summary: { zh: '最新公布的日志检查点', en: 'Newest published checkpoint' },
      description: 'A signed note (c2sp.org/tlog-checkpoint). 404 before the first publication.',
      answers: [{ status: 200, means: 'The note, exact.', mediaType: NOTE, body: { bytes: 'signed note' } }],
      problems: ['not-found'],
      may: 'public',
      handle: async (_req, res) => {
        await log.refresh();
        const published = log.publishedCheckpoint();
        if (published === undefined) throw new HttpError('not-found', 'no checkpoint was published yet');
        forEveryone(res, 'no-cache');
        sendBytes(res, 200, NOTE, published.note);
      },
    },
    {
      method: 'get',
      path: '/log/tile/{tile+}',
      operationId: 'getTile',
      tag: 'log',
      summary: { zh: '日志瓦片与条目包', en: 'Tile of hashes, or entry bundle' },
      description:
        '`<L>/<N>[.p/<W>]` and `entries/<N>[.p/<W>]` as in c2sp.org/tlog-tiles. Hashes are of 32 bytes; an entry is the 32 bytes of ' +
        'leaf data behind its length. Every width that the newest checkpoint covers is served.',
      parameters: { path: z.strictObject({ tile: z.string() }) },
      answers: [{ status: 200, means: 'The tile.', mediaType: TILE, body: { bytes: 'hashes or entries' } }],
      problems: ['not-found'],
      may: 'public',
      handle: async (req, res) => {
        const tile = parseTile(req.path.replace(/^\/log\//, ''));
        let bytes = await log.tile(tile);
        if (bytes === undefined) {
          // Another server may have gone on since this one last looked.
          await log.refresh();
          bytes = await log.tile(tile);
        }
        if (bytes === undefined) throw new HttpError('not-found', 'the log has no such tile, or not so wide a one yet');
        // A partial tile never changes either, but its full one replaces it.
        forEveryone(res, tile.width === TILE_WIDTH ? IMMUTABLE : 'public, max-age=3600');
        sendBytes(res, 200, TILE, bytes);
      },
    },
  ];
}

function parseTile(path: string): TileId {
  try {
    return parseTilePath(path);
  } catch (cause) {
    if (cause instanceof FormatError) throw new HttpError('not-found', cause.message, { cause });
    throw cause;
  }
}

/** Verifiers on any page may read the log. */
export function forEveryone(res: Response, cacheControl: string): void {
  res.set({
    'Cache-Control': cacheControl,
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
  });
}
