import type { NoticeAbout } from '../db/notices.ts';
import { beijingClock } from '../format/beijing-clock.ts';
import { NOTICE_KINDS, type NoticeKind } from './notice.ts';

export interface BilingualText {
  zh: string;
  en: string;
}

interface KindText {
  /** What it is about, without any particular: it stands in subjects. */
  title: BilingualText;
  /** One sentence or two. */
  body: (about: NoticeAbout) => BilingualText;
  /** Page of the service that tells more, beginning with `/`. */
  page: (about: NoticeAbout) => string;
}

const REQUEST_STATES: Readonly<Record<string, BilingualText>> = {
  accepted: { zh: '已受理', en: 'accepted' },
  'deed-issued': { zh: '已出具公证书', en: 'a deed was issued' },
  refused: { zh: '不予办理', en: 'refused' },
  withdrawn: { zh: '申请人已撤回', en: 'taken back by the side that asked' },
};

const depositPage = ({ depositId }: NoticeAbout) => (depositId === undefined ? '/' : `/deposits/${depositId}`);

const TEXTS: Readonly<Record<NoticeKind, KindText>> = {
  anchored: {
    title: { zh: '存证已上链', en: 'Anchored' },
    body: ({ depositId, chain }) => ({
      zh: `存证 ${depositId} 所在的日志状态已在 ${chain} 上链，并已达到最终性。`,
      en: `The state of the log that holds deposit ${depositId} is anchored on ${chain} and final there.`,
    }),
    page: depositPage,
  },
  certified: {
    title: { zh: '证书已签发', en: 'Certificate issued' },
    body: ({ depositId, certificateNo }) => ({
      zh: `存证 ${depositId} 的证书 ${certificateNo} 已签发。`,
      en: `Certificate ${certificateNo} of deposit ${depositId} has been issued.`,
    }),
    page: depositPage,
  },
  stuck: {
    title: { zh: '存证进度延迟', en: 'Deposits are delayed' },
    body: ({ deposits, oldestReceivedAt }) => ({
      zh: `有 ${deposits} 项存证尚未上链，最早的一项接收于 ${beijing(oldestReceivedAt)}。内容已留存；恢复后将自动继续，您无需重新提交。`,
      en: `${deposits} deposit(s) are not anchored yet; the oldest was received at ${oldestReceivedAt}. They are kept, and go on by themselves: nothing need be handed in again.`,
    }),
    page: () => '/',
  },
  'grant-received': {
    title: { zh: '有内容共享给您', en: 'Something was shared with you' },
    body: ({ depositId, matterId, byAccountId }) => ({
      zh: `账户 ${byAccountId} 授权贵方查看${matterId === undefined ? `存证 ${depositId}` : `案件 ${matterId}`}。每次查看都会记入保管链。`,
      en: `Account ${byAccountId} lets you see ${matterId === undefined ? `deposit ${depositId}` : `matter ${matterId}`}. Each time you do is recorded in its custody timeline.`,
    }),
    page: () => '/received',
  },
  'grant-opened': {
    title: { zh: '共享内容被查看', en: 'Something you shared was opened' },
    body: ({ linkId, depositId, byAccountId }) => ({
      zh: `您共享的${linkId === undefined ? `存证 ${depositId} 被账户 ${byAccountId} 查看` : `链接 ${linkId} 被打开`}。一小时内的多次查看只通知一次，逐次记录见保管链。`,
      en: `${linkId === undefined ? `Deposit ${depositId}, which you shared, was seen by account ${byAccountId}` : `Link ${linkId}, which you made, was opened`}. You are told once an hour at most; the custody timeline has every opening.`,
    }),
    page: depositPage,
  },
  'hand-over-waiting': {
    title: { zh: '有一项移交等待您确认', en: 'A hand-over waits for you' },
    body: ({ handOverId, expiresAt }) => ({
      zh: `移交 ${handOverId} 等待贵方确认，有效期至 ${beijing(expiresAt)}。未确认前，记录显示为未完成。`,
      en: `Hand-over ${handOverId} waits for your confirmation until ${expiresAt}. Until then the record shows it as open.`,
    }),
    page: () => '/hand-overs',
  },
  'request-received': {
    title: { zh: '收到一项核验申请', en: 'A request has arrived' },
    body: ({ requestId, deposits }) => ({
      zh: `收到核验申请 ${requestId}，涉及 ${deposits} 项存证，等待贵方受理。`,
      en: `Request ${requestId} about ${deposits} deposit(s) waits for your office to accept or refuse it.`,
    }),
    page: ({ requestId }) => `/desk/${requestId}`,
  },
  'request-changed': {
    title: { zh: '核验申请有新进展', en: 'A request has changed' },
    body: ({ requestId, state }) => ({
      zh: `核验申请 ${requestId} 的状态：${REQUEST_STATES[String(state)]?.zh ?? state}。`,
      en: `Request ${requestId}: ${REQUEST_STATES[String(state)]?.en ?? state}.`,
    }),
    page: ({ matterId, state }) =>
      state === 'withdrawn' ? '/desk' : matterId === undefined ? '/' : `/matters/${matterId}`,
  },
  'upload-expiring': {
    title: { zh: '上传即将失效', en: 'An upload is about to end' },
    body: ({ depositId, fileIndex, expiresAt }) => ({
      zh: `存证 ${depositId} 的第 ${Number(fileIndex) + 1} 个文件尚未传完，将于 ${beijing(expiresAt)} 失效。已固定的摘要和时间不受影响；继续上传即可延长。`,
      en: `File ${Number(fileIndex) + 1} of deposit ${depositId} has not arrived whole, and its upload ends at ${expiresAt}. Digest and time are fixed already and stay; going on with it prolongs it.`,
    }),
    page: depositPage,
  },
  'renewal-due': {
    title: { zh: '时间证明需要续期', en: 'A renewal is due' },
    body: ({ deposits, dueSince }) => ({
      zh: `${deposits === undefined ? '本服务' : `您有 ${deposits} 项存证`}的时间证明所依据的证书或密钥将在一年内到期（${beijing(dueSince)} 发现）。续期由平台运营方进行；完成后可重新下载证据记录（.ers），已有的证书和文件无需更换。`,
      en: `${deposits === undefined ? 'Proofs of time of this service rest' : `Proofs of time of ${deposits} of your deposits may rest`} on certificates or keys that end within a year (found ${dueSince}). The operator of the service renews them; evidence records (.ers) downloaded afterwards have the renewal, and what you hold already need not be replaced.`,
    }),
    page: ({ deposits }) => (deposits === undefined ? '/operation' : '/deposits'),
  },
  'webhook-disabled': {
    title: { zh: 'Webhook 已停用', en: 'A webhook was disabled' },
    body: ({ webhookId, outcome }) => ({
      zh: `Webhook ${webhookId} 多次投递失败，已停用（最后结果：${outcome}）。尚未送达的通知已取消；修复后可重新启用。`,
      en: `Webhook ${webhookId} failed again and again and was disabled (last outcome: ${outcome}). What had not arrived is cancelled; it can be enabled again once the receiver works.`,
    }),
    page: () => '/account/notices',
  },
  test: {
    title: { zh: '测试通知', en: 'Test' },
    body: () => ({ zh: '这是一条测试通知。', en: 'This is a test.' }),
    page: () => '/',
  },
};

/** What a notice says, or of a kind that an older version wrote, its name. */
export function noticeText(
  kind: string,
  about: NoticeAbout,
): { title: BilingualText; body: BilingualText; page: string } {
  const known = NOTICE_KINDS.find((each) => each === kind);
  if (known === undefined) return { title: { zh: kind, en: kind }, body: { zh: kind, en: kind }, page: '/' };
  const { title, body, page } = TEXTS[known];
  return { title, body: body(about), page: page(about) };
}

/** UTC as it stands in data → `2026-11-22 11:04 (+08:00)`, as it stands on paper. */
function beijing(utc: string | number | undefined): string {
  const ms = Date.parse(String(utc));
  if (Number.isNaN(ms)) return String(utc);
  return `${beijingClock(ms).slice(0, 16)} (+08:00)`;
}
