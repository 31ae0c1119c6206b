import { join } from 'node:path';
import { expect } from 'chai';
import { type ConfigError, readCommonSettings, readProductionConfig } from '../../src/config.ts';
import { useTemporaryFolder } from '../support/temporary-folder.ts';

describe('TIEZHENG_MAIL', () => {
  const folder = useTemporaryFolder();
  const errorOf = (work: () => unknown): ConfigError => {
    try {
      work();
    } catch (error) {
      return error as ConfigError;
    }
    throw new Error('accepted');
  };

  it('names a server or a folder, or nobody', () => {
    const from = { TIEZHENG_MAIL_FROM: 'evidence@example.org' };
    expect(readCommonSettings({}).mail).to.equal(null);
    expect(readCommonSettings({ ...from, TIEZHENG_MAIL: `file:${join(folder(), 'mail')}` }).mail).to.deep.equal({
      kind: 'files',
      folder: join(folder(), 'mail'),
      from: 'evidence@example.org',
    });
    expect(readCommonSettings({ ...from, TIEZHENG_MAIL: 'smtps://mail.example.org' }).mail?.kind).to.equal('smtp');
  });

  it('is refused without a sender or as something else, and its password is not repeated', () => {
    for (const env of [
      { TIEZHENG_MAIL: 'smtps://u:geheim@mail.example.org' },
      { TIEZHENG_MAIL: 'imap://u:geheim@mail.example.org', TIEZHENG_MAIL_FROM: 'evidence@example.org' },
      { TIEZHENG_MAIL: 'smtps://u:geheim@mail.example.org', TIEZHENG_MAIL_FROM: 'A <a@example.org>' },
    ]) {
      const error = errorOf(() => readCommonSettings(env));
      expect(error.code).to.equal('setting-invalid');
      expect(error.message).to.include('TIEZHENG_MAIL').and.not.to.include('geheim');
    }
  });
});

describe('TIEZHENG_PRIVATE_WEBHOOKS', () => {
  it('is for the evaluation profile alone', () => {
    expect(readCommonSettings({}).privateWebhooks).to.equal(false);
    expect(readCommonSettings({ TIEZHENG_PRIVATE_WEBHOOKS: 'yes' }).privateWebhooks).to.equal(true);
    const required = [
      ...['DATABASE_URL', 'TIEZHENG_PUBLIC_URL', 'TIEZHENG_OBJECTS', 'TIEZHENG_REGISTER', 'TIEZHENG_MASTER_KEY_FILE'],
      ...['TIEZHENG_LOG_ORIGIN', 'TIEZHENG_LOG_KEY_FILE', 'TIEZHENG_SEAL_FILE', 'TIEZHENG_CHAINS_FILE'],
      'TIEZHENG_PLATFORM_FILE',
    ];
    const env = { ...Object.fromEntries(required.map((name) => [name, 'x'])), TIEZHENG_PRIVATE_WEBHOOKS: 'yes' };
    let error: ConfigError | undefined;
    try {
      readProductionConfig(env);
    } catch (cause) {
      error = cause as ConfigError;
    }
    expect(error?.code).to.equal('setting-invalid');
    expect(error?.message).to.include('TIEZHENG_PRIVATE_WEBHOOKS');
  });
});
