import type { Dispute } from './dispute.ts';
import { makeEvidenceFiles } from './evidence-files.ts';
import { auditorReads, operatorLooks } from './operation.ts';
import { type Manner, Person } from './person.ts';
import { personaService } from './persona-service.ts';
import { judgeReads, officerConfirms } from './reader.ts';
import { handInAndCertify, shareAndHandOver } from './right-holder.ts';

const MANNERS: readonly Manner[] = [
  { locale: 'zh-CN', by: 'mouse' },
  { locale: 'en-US', by: 'keyboard' },
];

for (const [seed, manner] of MANNERS.entries()) {
  describe(`the people of a dispute, in ${manner.locale}, by ${manner.by}`, function () {
    this.timeout(120_000);
    let dispute: Dispute;

    before(async () => {
      const service = await personaService();
      const files = await makeEvidenceFiles(service.folder, 10 * seed + 1);
      dispute = { service, manner, files, passphrase: 'acht Blütenblätter' } as Dispute;
    });

    afterEach(function () {
      return Person.allLeave(this.currentTest?.state === 'failed');
    });

    it('right holder: signs up, hands in, and takes home a package that stands by itself', async () => {
      await handInAndCertify(dispute);
    });

    it('right holder: makes a link with a passphrase and begins a hand-over', async () => {
      await shareAndHandOver(dispute);
    });

    it('judge: opens the link with its passphrase, and reads the package on two sheets of paper', async () => {
      await judgeReads(dispute);
    });

    it('officer: confirms a hand-over without an account, and keeps a receipt that stands by itself', async () => {
      await officerConfirms(dispute);
    });

    it('operator: sees how the service runs, and no deposit', async () => {
      await operatorLooks(dispute);
    });

    it('auditor: reads operation and public log, and can change nothing', async () => {
      await auditorReads(dispute);
    });
  });
}
