import type { NoticeAbout, NoticeLanguage } from '../db/notices.ts';
import { escapeHtml, type Mail } from './mail.ts';
import { type BilingualText, noticeText } from './notice-text.ts';

export interface MailedNotices {
  id: string;
  to: string;
  language: NoticeLanguage;
  /** At least one, oldest first. */
  notices: readonly { kind: string; about: NoticeAbout }[];
  /** Without a slash at the end. */
  publicUrl: string;
  unsubscribeUrl: string;
}

const ENDING: BilingualText = { zh: '不再接收此类邮件：', en: 'To end these mails: ' };
const SERVICE: BilingualText = { zh: '铁证', en: 'Tiezheng' };
const MANY: BilingualText = { zh: '项通知', en: 'notices' };

/** One mail that says what happened: ids and times, nothing of the evidence itself. */
export function noticeMail({ id, to, language, notices, publicUrl, unsubscribeUrl }: MailedNotices): Mail {
  const texts = notices.map(({ kind, about }) => noticeText(kind, about));
  const only = new Set(notices.map(({ kind }) => kind)).size === 1 ? texts[0] : undefined;
  const inWords = (text: BilingualText, between: string) =>
    language === 'both' ? `${text.zh}${between}${text.en}` : text[language];
  const number = texts.length > 1 ? ` (${texts.length})` : '';
  const what = only?.title ?? { zh: `${texts.length} ${MANY.zh}`, en: `${texts.length} ${MANY.en}` };
  const subject = `[${inWords(SERVICE, ' ')}] ${inWords(what, ' · ')}${only === undefined ? '' : number}`;
  const text = texts
    .map(({ title, body, page }) => `${inWords(title, ' · ')}\n${inWords(body, '\n')}\n${publicUrl}${page}\n`)
    .join('\n');
  const items = texts.map(
    ({ title, body, page }) =>
      `<h2>${escapeHtml(inWords(title, ' · '))}</h2>${paragraphs(body, language)}<p>${link(publicUrl + page)}</p>`,
  );
  return {
    id,
    to,
    subject,
    text: `${text}\n-- \n${inWords(ENDING, '')}\n${unsubscribeUrl}\n`,
    html: `<!doctype html><html lang="${language === 'en' ? 'en' : 'zh-CN'}"><meta charset="utf-8"><title>${escapeHtml(subject)}</title><body>${items.join('<hr>')}<hr><p>${escapeHtml(inWords(ENDING, ''))} ${link(unsubscribeUrl)}</p></body></html>\n`,
    unsubscribeUrl,
  };
}

function paragraphs(body: BilingualText, language: NoticeLanguage): string {
  const zh = `<p lang="zh-CN">${escapeHtml(body.zh)}</p>`;
  const en = `<p lang="en">${escapeHtml(body.en)}</p>`;
  return language === 'both' ? zh + en : language === 'zh' ? zh : en;
}

function link(url: string): string {
  return `<a href="${escapeHtml(url)}">${escapeHtml(url)}</a>`;
}
