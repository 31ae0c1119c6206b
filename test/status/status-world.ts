import type { CertificateIssuer } from '../../src/certificate/issue.ts';
import type { OwnPolicy } from '../../src/certificate/own-policy.ts';
import { selectCertificateOfDeposit } from '../../src/db/certificates.ts';
import { migrate } from '../../src/db/migrate.ts';
import { type Database, openDatabase } from '../../src/db/pool.ts';
import { type Certificate, parseCertificate } from '../../src/format/certificate.ts';
import { encodeJson, type JsonValue } from '../../src/format/json.ts';
import type { Policy } from '../../src/format/policy.ts';
import type { Check, Report } from '../../src/format/report.ts';
import { StatusService } from '../../src/status/status-service.ts';
import { openTrust } from '../../src/verify/trust.ts';
import { digestOf, verifyCertificate } from '../../src/verify/verify.ts';
import { DEPOSIT_ID, fixtureDeposit } from '../certificate/evidence-fixture.ts';
import { finalise, type IssuerWorldLog, makeIssuerParts, storeDeposits } from '../certificate/issuer-world.ts';
import { createTestDatabase } from '../support/postgres.ts';

/** A service with one certified deposit, as far as statuses need it. */
export class StatusWorld {
  readonly db: Database;
  readonly log: IssuerWorldLog;
  readonly issuer: CertificateIssuer;
  readonly statuses: StatusService;
  readonly policies: OwnPolicy;
  nowMs: number;
  certificate!: Certificate;
  json!: Uint8Array;
  digest = '';
  readonly #drop: () => Promise<void>;

  private constructor(parts: {
    db: Database;
    log: IssuerWorldLog;
    issuer: CertificateIssuer;
    policies: OwnPolicy;
    sealer: ConstructorParameters<typeof StatusService>[0]['sealer'];
    drop: () => Promise<void>;
  }) {
    this.db = parts.db;
    this.log = parts.log;
    this.issuer = parts.issuer;
    this.policies = parts.policies;
    this.#drop = parts.drop;
    this.nowMs = Date.now();
    this.statuses = new StatusService({
      db: parts.db,
      reader: parts.log.reader,
      sequencer: parts.log.sequencer,
      sealer: parts.sealer,
      evaluation: true,
      nowMs: () => this.nowMs,
    });
  }

  static async open(): Promise<StatusWorld> {
    const { url, drop } = await createTestDatabase();
    const db = openDatabase({ url, maxConnections: 8 });
    await migrate(db);
    const { anchorId, attestation, log } = await storeDeposits(db, new Map([[7, {}]]));
    await finalise(db, anchorId, attestation);
    const { issuer, policies, sealer } = await makeIssuerParts(db, { sequencer: log.sequencer });
    const world = new StatusWorld({ db, log, issuer, policies, sealer, drop });
    await issuer.issueDue();
    const row = await selectCertificateOfDeposit(db.pool, DEPOSIT_ID);
    if (row?.bytes == null) throw new Error('no certificate was issued');
    world.json = new Uint8Array(row.bytes.json);
    world.certificate = parseCertificate(world.json);
    world.digest = digestOf(world.certificate);
    return world;
  }

  async close(): Promise<void> {
    await this.log.stop();
    await this.db.close();
    await this.#drop();
  }

  get certificateNo(): string {
    return this.certificate.claims.certificateNo;
  }

  ask(): Promise<Uint8Array> {
    return this.statuses.answer(this.certificateNo, Buffer.from(this.digest, 'hex'));
  }

  /** The report of somebody who trusts this service, holds the file, and reads his clock. */
  async report(
    status: Uint8Array | undefined,
    changes: { policy?: Partial<Policy>; nowMs?: number | undefined } = {},
  ): Promise<Report> {
    const policy = { ...(await this.policies.for(this.certificate)), ...changes.policy };
    const trust = openTrust(encodeJson(policy as unknown as JsonValue), [], undefined);
    const nowMs = 'nowMs' in changes ? changes.nowMs : this.nowMs;
    const files = fixtureDeposit().files.map(({ entry }) => ({
      sizeBytes: entry.sizeBytes,
      sha256: entry.digests.sha256,
      sm3: entry.digests.sm3 as string,
    }));
    const reader = nowMs === undefined ? trust : { ...trust, nowMs };
    return verifyCertificate(this.json, files, reader, undefined, undefined, status);
  }
}

export function statusIn(report: Report): Check {
  const found = report.since.filter((check) => check.name === 'status');
  if (found.length !== 1) throw new Error(`${found.length} checks "status"`);
  return found[0] as Check;
}
