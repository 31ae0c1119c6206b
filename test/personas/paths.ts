import { join } from 'node:path';
import { keepKey } from './api-key.ts';
import { captureForOrganisation } from './capture-operator.ts';
import type { Dispute } from './dispute.ts';
import { eraseContent } from './erasure.ts';
import { makeEvidenceFiles } from './evidence-files.ts';
import { reachCertificate } from './newcomer.ts';
import { notaryDecides, notaryVerifiesInBulk, openOffice } from './notary.ts';
import { auditorReads, operatorAdmitsOffice } from './operation.ts';
import { type Manner, Person } from './person.ts';
import { personaService } from './persona-service.ts';
import { judgeReads, mediatorSees, officerReceives, opponentChecks, platformReviewerSees } from './reader.ts';
import { expertSeesCopy, showRedacted } from './redaction.ts';
import { askAndShow, custodyStands, foundOrganisation, handInAndCertify, keepMatter } from './right-holder.ts';

/** Each finds what those before him left. */
const PATHS: readonly [string, (dispute: Dispute) => Promise<void>][] = [
  ['newcomer: has a certificate saved in fewer than ten clicks from the home page', reachCertificate],
  ['right holder: signs up, makes the firm’s account and invites who captures for it', foundOrganisation],
  ['right holder: hands in, signs with a passkey, and takes home a package that stands by itself', handInAndCertify],
  ['capture operator: hands in for the firm, and cannot show it to anybody', captureForOrganisation],
  ['right holder: keeps a matter, with parties, rights and evidence', keepMatter],
  ['notary: makes the office’s account', openOffice],
  ['operator: sees how the service runs, admits the office, and sees no deposit', operatorAdmitsOffice],
  ['right holder: asks the notary, shows the matter, hands the originals over', askAndShow],
  ['right holder: shows a licence with its fee blacked out, and nothing else of it', showRedacted],
  ['notary: verifies what was asked, enters the deed, and refuses what is not hers to find', notaryDecides],
  ['notary: verifies packages together, and finds the altered one', notaryVerifiesInBulk],
  ['mediator: sees what is disclosed, and takes no originals', mediatorSees],
  ['judge: takes the package, and reads it on two sheets of paper', judgeReads],
  ['customs officer: takes the package, confirms the hand-over, and keeps a receipt', officerReceives],
  ['platform reviewer: looks at the pictures, and takes no originals', platformReviewerSees],
  ['opposing party: opens a link, checks the certificate without an account, and gets no further', opponentChecks],
  ['expert of the other side: sees the redacted copy, and not the original', expertSeesCopy],
  ['right holder: finds all of it in a custody file that verifies offline', custodyStands],
  ['right holder: makes a key for a program, which uses it until she revokes it', keepKey],
  ['right holder: erases what no hold keeps, and what she took home still verifies', eraseContent],
  ['auditor: reads operation and public log, and can change nothing', auditorReads],
];

/** All of them, in one language and manner, on one service. */
export function walkAllPaths(manner: Manner): void {
  describe(`the people of a dispute, in ${manner.locale}, by ${manner.by}`, function () {
    // They take some seconds each; certificates wait for blocks.
    this.timeout(300_000);
    let dispute: Dispute;

    before(async () => {
      const service = await personaService();
      const files = await makeEvidenceFiles(
        join(service.folder, `files-${manner.locale}`),
        manner.by === 'mouse' ? 1 : 11,
      );
      dispute = { service, manner, files } as Dispute;
    });

    afterEach(function () {
      return Person.allLeave(this.currentTest?.state === 'failed');
    });

    for (const [what, path] of PATHS) it(what, () => path(dispute));
  });
}
