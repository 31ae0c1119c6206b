import { isMailAddress } from './mail.ts';
import type { SmtpSettings } from './smtp-carrier.ts';

/** Where mails go, and from whom. */
export type MailSettings = { from: string } & (
  | { kind: 'smtp'; server: SmtpSettings }
  /** Absolute. */
  | { kind: 'files'; folder: string }
);

/**
 * `smtps://user:password@host` (TLS from the start, port 465), `smtp://…` (STARTTLS, required but for a server on this machine, port
 * 587) or `file:/absolute/folder`.
 * @returns undefined if it is none of them
 */
export function parseMailSettings(address: string, from: string): MailSettings | undefined {
  if (!isMailAddress(from)) return undefined;
  if (address.startsWith('file:/')) return { kind: 'files', folder: address.slice('file:'.length), from };
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^smtps?:$/.test(url.protocol) || url.hostname === '') return undefined;
  if (!/^\/?$/.test(url.pathname) || url.search !== '' || url.hash !== '') return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const isImplicit = url.protocol === 'smtps:';
  const isHere = host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
  const user = decoded(url.username);
  const password = decoded(url.password);
  if (user === undefined || password === undefined) return undefined;
  return {
    kind: 'smtp',
    from,
    server: {
      host,
      port: Number(url.port) || (isImplicit ? 465 : 587),
      tls: isImplicit ? 'implicit' : isHere ? 'none' : 'starttls',
      user: user === '' ? undefined : user,
      password: user === '' ? undefined : password,
    },
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
