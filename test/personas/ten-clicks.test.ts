import { expect } from 'chai';
import { handInTexts } from '../../src/web/hand-in/hand-in-texts.ts';
import { homeTexts } from '../../src/web/home/home-texts.ts';
import { texts } from '../../src/web/texts.ts';
import { expectVerified } from './dispute.ts';
import { makeEvidenceFiles } from './evidence-files.ts';
import { type Locale, Person } from './person.ts';
import { personaService } from './persona-service.ts';

const MOST_CLICKS = 9;

describe('somebody who has never seen the product', function () {
  this.timeout(300_000);
  afterEach(function () {
    return Person.allLeave(this.currentTest?.state === 'failed');
  });

  for (const [seed, locale] of (['zh-CN', 'en-US'] as Locale[]).entries()) {
    it(`has a certificate of a file saved in fewer than ten clicks from the home page, in ${locale}`, async () => {
      const service = await personaService();
      const { photo } = await makeEvidenceFiles(service.folder, 100 + seed);
      const person = await Person.arrive(service, 'newcomer', { locale, by: 'mouse' });
      await person.open(await service.evaluationLink());
      await person.isAt(homeTexts.title, 'home');
      await person.press('link', homeTexts.handIn);
      await person.chooseFiles(texts.chooseFiles, [photo]);
      await person.press('button', handInTexts.next);
      await person.press('button', handInTexts.next);
      await person.press('button', texts.handIn);
      const certificate = await person.save('link', texts.downloadCertificatePdf);
      await person.looks('certificate');
      expect(person.clicks, 'clicks').to.be.at.most(MOST_CLICKS);
      await expectVerified(service, certificate, photo);
    });
  }
});
