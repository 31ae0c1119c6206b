import { encodeHex } from '../../src/format/bytes.ts';
import { commit } from '../../src/format/commitment.ts';
import type { CustodyFile, HandOver, HandOverConfirmation, HandOverStatement } from '../../src/format/custody.ts';
import { digestOf } from '../../src/verify/verify.ts';
import { makeCustodyFile, STORY } from './custody-evidence.ts';
import type { EvidenceWorld } from './evidence-world.ts';
import { digestsOf } from './file-digests.ts';

export const HAND_OVER_ID = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a30';
export const GIVER = '01939f3e-7c1a-7b7e-9d2c-3f1d0e5b8a12';
export const GIVEN_AT = '2026-11-23T07:00:00.000Z';
export const CONFIRMED_AT = '2026-11-23T08:00:00.000Z';
export const EXPIRES_AT = '2026-12-23T07:00:00.000Z';
export const MADE_AT = '2026-11-23T09:00:00.000Z';
export const DISC = new Uint8Array(Buffer.from('an image of the disc'));

/** A hand-over as the service makes it, with what the custody record of the deposit says of it. Seal both with `world.reseal`. */
export interface HandOverStory {
  receipt: HandOver;
  custody: CustodyFile;
}

/** What is told otherwise than by the book. */
export interface Telling {
  given?: Partial<HandOverStatement>;
  /** Null: nobody has confirmed. */
  taken?: Partial<HandOverConfirmation> | null;
  /** Further events of the deposit, before `MADE_AT`. */
  more?: { kind: string; at: string; detail?: Record<string, string> }[];
  /** Events that the newest leaf covers; all if left out. */
  covered?: number;
}

/** Everything that was deposited, its certificate and a disc, to a court without an account. */
export function statementOf(world: EvidenceWorld, more: Partial<HandOverStatement> = {}): HandOverStatement {
  const originals = world.files.map(({ bytes }, fileIndex) => ({
    what: 'original' as const,
    fileIndex,
    sha256: digestsOf(bytes).sha256,
    description: null,
  }));
  const { certificate } = world;
  return {
    type: 'tiezheng/hand-over-statement/v1',
    handOverId: HAND_OVER_ID,
    depositId: certificate.record.depositId,
    giver: { accountId: GIVER, name: '北京某某文化有限公司' },
    receiver: { kind: 'court', accountId: null, name: '某某法院 知识产权庭' },
    items: [
      ...originals,
      {
        what: 'certificate',
        fileIndex: null,
        sha256: digestOf(certificate),
        description: certificate.claims.certificateNo,
      },
      { what: 'other', fileIndex: null, sha256: digestsOf(DISC).sha256, description: '光盘一张' },
    ],
    note: '附光盘一张',
    handedOverAt: GIVEN_AT,
    expiresAt: EXPIRES_AT,
    salt: '05'.repeat(32),
    ...more,
  };
}

function confirmationOf(of: HandOverStatement, more: Partial<HandOverConfirmation>): HandOverConfirmation {
  return {
    type: 'tiezheng/hand-over-confirmation/v1',
    handOverId: HAND_OVER_ID,
    statement: encodeHex(commit(of)),
    confirmedAt: CONFIRMED_AT,
    by: 'link',
    accountId: null,
    name: '书记员 某某',
    note: '完好',
    salt: '06'.repeat(32),
    ...more,
  };
}

export async function makeHandOver(
  world: EvidenceWorld,
  { given = {}, taken = {}, more = [], covered }: Telling = {},
): Promise<HandOverStory> {
  const statement = statementOf(world, given);
  const confirmation = taken === null ? null : confirmationOf(statement, taken);
  const handOver = statement.handOverId;
  const acts = [
    {
      kind: 'handed-over',
      at: statement.handedOverAt,
      detail: { handOver, statement: encodeHex(commit(statement)), expiresAt: statement.expiresAt },
    },
    ...(confirmation === null
      ? []
      : [
          {
            kind: 'hand-over-confirmed',
            at: confirmation.confirmedAt,
            detail: { handOver, confirmation: encodeHex(commit(confirmation)) },
          },
        ]),
  ];
  const events = [...STORY.events, ...acts, ...more];
  const custody = await makeCustodyFile(world, { events, leavesAt: [2, covered ?? events.length] });
  const [handedOver, confirmed] = custody.events
    .slice(STORY.events.length, STORY.events.length + acts.length)
    .map(({ event }) => encodeHex(commit(event)));
  return {
    receipt: {
      type: 'tiezheng/hand-over/v1',
      evaluation: false,
      statement,
      confirmation,
      events: { handedOver: handedOver as string, confirmed: confirmed ?? null },
      claims: { madeAt: MADE_AT },
      seals: [],
    },
    custody: { ...custody, claims: { madeAt: MADE_AT } },
  };
}
