import type { Mail } from './mail.ts';

/** A checked mail as nodemailer takes it. Objects and not strings where it would look for syntax in a string. */
export function messageOf(mail: Mail, from: string) {
  const { to, subject, text, html, id, unsubscribeUrl } = mail;
  const prepared = (value: string) => ({ prepared: true, value });
  return {
    from: { name: '铁证 Tiezheng', address: from },
    to: { name: '', address: to },
    envelope: { from, to: [to] },
    subject,
    text,
    ...(html === undefined ? {} : { html }),
    ...(id === undefined ? {} : { messageId: `<${id}@${from.slice(from.lastIndexOf('@') + 1)}>` }),
    headers: {
      // RFC 3834: no out-of-office replies.
      'Auto-Submitted': prepared('auto-generated'),
      ...(unsubscribeUrl === undefined
        ? {}
        : {
            'List-Unsubscribe': prepared(`<${unsubscribeUrl}>`),
            'List-Unsubscribe-Post': prepared('List-Unsubscribe=One-Click'),
          }),
    },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
