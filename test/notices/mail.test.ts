import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { checkMail, isMailAddress, type Mail } from '../../src/notices/mail.ts';
import { MailFolder } from '../../src/notices/mail-folder.ts';
import { parseMailSettings } from '../../src/notices/mail-settings.ts';
import { NOTICE_KINDS } from '../../src/notices/notice.ts';
import { noticeMail } from '../../src/notices/notice-mail.ts';
import { SmtpCarrier, type SmtpSettings } from '../../src/notices/smtp-carrier.ts';
import { codeOf, rejectionOf } from '../support/coded-error.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';
import { makeLoopbackCertificate } from './notice-world.ts';
import { SmtpReceiver, subjectOf, textOf } from './smtp-receiver.ts';

const FROM = 'evidence@example.org';
const MAIL: Mail = {
  to: 'wang@example.net',
  subject: '铁证:确认邮箱 · Tiezheng: confirm your address, which is a rather long subject for one line',
  text: '证据\n.\nline after a dot\n',
  html: '<!doctype html><p>证据</p>',
  id: '7d1c0000-0000-4000-8000-000000000001',
  unsubscribeUrl:
    'https://evidence.example.org/api/v1/notices/unsubscribe?token=0123456789012345678901234567890123456789012',
};

describe('SmtpCarrier', () => {
  let receiver: SmtpReceiver;
  let carrier: SmtpCarrier;
  const plain = (change: Partial<SmtpSettings> = {}): SmtpSettings => ({
    ...{ host: '127.0.0.1', port: receiver.port, tls: 'none', user: undefined, password: undefined },
    ...change,
  });
  beforeEach(async () => {
    receiver = await SmtpReceiver.open();
    carrier = new SmtpCarrier(plain(), FROM, { timeoutMs: 500 });
  });
  afterEach(async () => {
    carrier.close();
    await receiver.close();
  });

  it('hands over both languages as text and HTML, to one receiver, with a way to unsubscribe', async () => {
    await carrier.send(MAIL);
    const [mail] = receiver.mails;
    expect(mail)
      .to.include({ from: FROM })
      .and.to.deep.include({ to: [MAIL.to] });
    expect(subjectOf(mail!)).to.equal(MAIL.subject);
    expect(textOf(mail!, 'text/plain').replace(/\r\n/g, '\n')).to.include(MAIL.text);
    expect(textOf(mail!, 'text/html')).to.include(MAIL.html);
    expect(mail!.header).to.include(`\r\nMessage-ID: <${MAIL.id}@example.org>`);
    expect(mail!.header.replace(/\r\n[ \t]+/g, ' ')).to.include(`\r\nList-Unsubscribe: <${MAIL.unsubscribeUrl}>`);
    expect(mail!.header).to.include('\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click');
    expect(mail!.header).to.match(/^Auto-Submitted: auto-generated\r$/m);
    expect(mail!.raw).not.to.match(/Content-Disposition: attachment|filename/i);
  });

  it('sends a mail of text alone, as sign-in mails are', async () => {
    await carrier.send({ to: 'a@example.org', subject: 'x', text: 'open https://e.example/?a=b&c=d\n' });
    expect(textOf(receiver.mails[0]!, 'text/plain')).to.include('https://e.example/?a=b&c=d');
    expect(receiver.mails[0]!.header).not.to.match(/List-Unsubscribe/);
  });

  it('tells a receiver refused for ever from one refused for now, and both from a server that is away', async () => {
    for (const [fault, code] of [
      [{ at: 'rcpt', code: 550 }, 'mail-rejected'],
      [{ at: 'rcpt', code: 451 }, 'mail-deferred'],
      [{ at: 'data', code: 554 }, 'mail-rejected'],
      [{ at: 'data', code: 452 }, 'mail-deferred'],
      [{ at: 'greeting', code: 554 }, 'mail-server-unreachable'],
      [{ at: 'greeting', code: 421 }, 'mail-server-unreachable'],
      [{ at: 'silence' }, 'mail-server-unreachable'],
    ] as const) {
      receiver.faults.push(fault);
      await rejectionOf(carrier.send(MAIL), code);
    }
    expect(receiver.mails).to.have.lengthOf(0);
    await carrier.send(MAIL);
    expect(receiver.mails).to.have.lengthOf(1);
  });

  it('says that a server that is down is away', async () => {
    const down = await SmtpReceiver.open();
    const { port } = down;
    await down.close();
    await rejectionOf(new SmtpCarrier(plain({ port }), FROM, { timeoutMs: 500 }).send(MAIL), 'mail-server-unreachable');
  });

  describe('with TLS', () => {
    let tls: { key: string; cert: string };
    let secure: SmtpReceiver;
    before(async () => {
      tls = await makeLoopbackCertificate();
    });
    afterEach(() => secure.close());

    it('sends nothing over a connection that the server does not encrypt', async () => {
      secure = await SmtpReceiver.open();
      const settings = plain({ port: secure.port, tls: 'starttls', user: 'u', password: 'p' });
      await rejectionOf(new SmtpCarrier(settings, FROM, { timeoutMs: 500 }).send(MAIL), 'mail-server-unreachable');
      expect(secure.mails).to.have.lengthOf(0);
    });

    it('sends nothing to a server whose certificate is not trusted', async () => {
      secure = await SmtpReceiver.open({ ...tls });
      const settings = plain({ port: secure.port, tls: 'starttls' });
      await rejectionOf(new SmtpCarrier(settings, FROM, { timeoutMs: 500 }).send(MAIL), 'mail-server-unreachable');
      expect(secure.mails).to.have.lengthOf(0);
    });

    it('upgrades by STARTTLS, or speaks TLS from the start', async () => {
      for (const [kind, options] of [
        ['starttls', {}],
        ['implicit', { secure: true }],
      ] as const) {
        secure = await SmtpReceiver.open({ ...tls, ...options });
        const settings = plain({ port: secure.port, tls: kind });
        await new SmtpCarrier(settings, FROM, { trustedRoots: tls.cert, timeoutMs: 2000 }).send(MAIL);
        expect(secure.mails.map(({ isSecure }) => isSecure)).to.deep.equal([true]);
        if (kind === 'starttls') await secure.close();
      }
    });
  });

  describe('given what would break out of a header', () => {
    for (const [where, change] of [
      ['a receiver with a line break', { to: 'a@example.org\r\nBcc: b@example.org' }],
      ['two receivers', { to: 'a@example.org, b@example.org' }],
      ['a receiver with a name', { to: 'A <a@example.org>' }],
      ['a quoted receiver', { to: '"a b"@example.org' }],
      ['a receiver for the command line of SMTP', { to: 'a@example.org> SIZE=1' }],
      ['a subject with a line break', { subject: 'x\r\nBcc: b@example.org' }],
      ['a subject with a bare line feed', { subject: 'x\nBcc: b@example.org' }],
      ['a subject with a line separator', { subject: 'x\u2028Bcc: b@example.org' }],
      ['a subject with a lone surrogate', { subject: 'x\ud800' }],
      ['an id with a line break', { id: 'x\r\ny' }],
      [
        'an address for unsubscribing with a line break',
        { unsubscribeUrl: 'https://e.example/\r\nBcc: b@example.org' },
      ],
      ['an address for unsubscribing with an angle', { unsubscribeUrl: 'https://e.example/>,<mailto:b@example.org' }],
    ] as const) {
      it(`refuses ${where}, before anything is sent`, async () => {
        await rejectionOf(carrier.send({ ...MAIL, ...change }), 'mail-invalid');
        expect(receiver.mails).to.have.lengthOf(0);
      });
    }

    it('keeps what looks like a header in the body', async () => {
      await carrier.send({ ...MAIL, text: 'x\r\n\r\nBcc: b@example.org\r\n.\r\nRCPT TO:<b@example.org>\r\n' });
      expect(receiver.mails).to.have.lengthOf(1);
      expect(receiver.mails[0]!.to).to.deep.equal([MAIL.to]);
      expect(receiver.mails[0]!.header).not.to.match(/^Bcc:/m);
    });
  });
});

describe('isMailAddress', () => {
  it('knows addresses', () => {
    for (const ok of ['a@b', 'a.b+c@example.org', '王芳@例子.中国']) expect(isMailAddress(ok), ok).to.equal(true);
    for (const bad of [
      '',
      'a',
      '@b',
      'a@',
      'a@b..c',
      'a@b@c',
      'a b@c',
      'a@b c',
      `${'a'.repeat(65)}@b`,
      `a@${'b'.repeat(254)}`,
      'a@b\u0085',
      'a@b\u3000c',
    ]) {
      expect(isMailAddress(bad), bad).to.equal(false);
    }
  });
});

describe('MailFolder', () => {
  const folder = useTemporaryFolder();

  it('keeps each mail as a file of its own, and a repetition in the same one', async () => {
    const carrier = await MailFolder.open(join(folder(), 'mail'), 'tiezheng@localhost');
    await carrier.send(MAIL);
    await carrier.send(MAIL);
    await carrier.send({ to: 'a@example.org', subject: 'x', text: 'y' });
    const names = await readdir(join(folder(), 'mail'));
    expect(names).to.have.lengthOf(2).and.include(`${MAIL.id}.eml`);
    const eml = await readFile(join(folder(), 'mail', `${MAIL.id}.eml`), 'utf8');
    expect(eml).to.include('To: wang@example.net\r\n').and.to.include('\r\nMIME-Version: 1.0');
  });

  it('refuses what a server would refuse', async () => {
    const carrier = await MailFolder.open(join(folder(), 'mail'), 'tiezheng@localhost');
    await rejectionOf(carrier.send({ ...MAIL, id: '../x' }), 'mail-invalid');
  });
});

describe('noticeMail', () => {
  const at = { id: 'x', to: 'a@example.org', publicUrl: 'https://e.example', unsubscribeUrl: 'https://e.example/u' };
  const about = { depositId: 'D-1', linkId: '<script>', chain: 'eip155:1', outcome: '"><b>' };

  for (const kind of NOTICE_KINDS) {
    it(`says ${kind} in each language, and nothing particular in the subject`, () => {
      for (const language of ['zh', 'en', 'both'] as const) {
        const mail = noticeMail({ ...at, language, notices: [{ kind, about }] });
        checkMail(mail);
        expect(/[\u4e00-\u9fff]/.test(mail.text + mail.html)).to.equal(language !== 'en');
        expect(mail.subject).not.to.match(/D-1|eip155|script/);
        expect(mail.html).not.to.match(/<script|<b>/);
        expect(mail.text).to.include('https://e.example/u');
      }
    });
  }

  it('puts many into one mail', () => {
    const notices = Array.from({ length: 50 }, (_, i) => ({
      kind: i === 0 ? 'stuck' : 'certified',
      about: { depositId: `D-${i}` },
    }));
    const mail = noticeMail({ ...at, language: 'both', notices });
    expect(mail.subject).to.include('50');
    for (let i = 1; i < 50; i++) expect(mail.text).to.include(`D-${i}`);
  });

  it('names a kind of an older version', () => {
    expect(noticeMail({ ...at, language: 'en', notices: [{ kind: 'forgotten', about: {} }] }).text).to.include(
      'forgotten',
    );
  });
});

describe('parseMailSettings', () => {
  const server = (address: string) => parseMailSettings(address, FROM) as { server?: SmtpSettings } | undefined;

  it('requires TLS of every server but one on this machine', () => {
    expect(server('smtps://u%40x:p%3aw@mail.example.org')?.server).to.deep.equal({
      ...{ host: 'mail.example.org', port: 465, tls: 'implicit', user: 'u@x', password: 'p:w' },
    });
    expect(server('smtp://mail.example.org')?.server).to.include({ port: 587, tls: 'starttls', user: undefined });
    expect(server('smtp://127.0.0.1:2525')?.server).to.include({ port: 2525, tls: 'none' });
    expect(server('smtp://[::1]:2525')?.server).to.include({ host: '::1', tls: 'none' });
    expect(server('smtp://127.0.0.1.example.org')?.server).to.include({ tls: 'starttls' });
  });

  it('refuses everything else', () => {
    for (const address of [
      '',
      'mail.example.org',
      'http://mail.example.org',
      'smtp://',
      'smtps://h/path',
      'smtp://h?tls=no',
      'file:mail',
      'smtp://%zz@h.example',
    ]) {
      expect(parseMailSettings(address, FROM), address).to.equal(undefined);
    }
    expect(parseMailSettings('smtps://h.example', 'A <a@b>')).to.equal(undefined);
    expect(codeOf(() => checkMail({ ...MAIL, subject: '' }))).to.equal('mail-invalid');
  });
});
