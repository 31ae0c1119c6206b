import type { Text } from '../texts.ts';

/** Words of the pages on which people sign in. */
export const signInTexts = {
  title: { zh: '登录', en: 'Sign in' },
  email: { zh: '邮箱', en: 'E-mail' },
  password: { zh: '密码', en: 'Password' },
  signIn: { zh: '登录', en: 'Sign in' },
  forgotten: { zh: '忘记密码', en: 'Forgot your password?' },
  signUpInstead: { zh: '还没有用户？注册', en: 'No user yet? Sign up' },
  byInvitation: {
    zh: '本服务凭邀请注册：受邀的邮箱可以注册。',
    en: 'Users come by invitation: an address that was invited can sign up.',
  },
  otherWays: { zh: '其他方式', en: 'Other ways' },
  passkey: { zh: '使用通行密钥登录', en: 'Sign in with a passkey' },
  withProvider: { zh: '登录方式：', en: 'Sign in with' },
  secondFactor: { zh: '第二步验证', en: 'Second factor' },
  totpCode: { zh: '验证器应用显示的 6 位数字', en: '6 digits from your authenticator app' },
  recoveryCode: { zh: '恢复码', en: 'Recovery code' },
  useRecoveryCode: { zh: '改用恢复码', en: 'Use a recovery code instead' },
  useTotpCode: { zh: '改用验证器应用', en: 'Use the authenticator app instead' },
  confirm: { zh: '确认', en: 'Confirm' },
  failed: { zh: '未能登录', en: 'You were not signed in' },
  confirmed: { zh: '邮箱已确认，现在可以登录。', en: 'Your address is confirmed. You can sign in now.' },
  resend: { zh: '重新发送确认邮件', en: 'Send the confirmation mail again' },
  resent: { zh: '邮件已发出，链接一小时内有效。', en: 'The mail is on its way; its link works for an hour.' },
  already: { zh: '您已登录。', en: 'You are signed in already.' },
  goOn: { zh: '继续', en: 'Go on' },
  toSignIn: { zh: '前往登录', en: 'To signing in' },
  withUser: { zh: '用邮箱、通行密钥或机构账号登录', en: 'Sign in with e-mail, a passkey or your organisation' },

  signUpTitle: { zh: '注册', en: 'Sign up' },
  signUp: { zh: '注册', en: 'Sign up' },
  name: { zh: '姓名', en: 'Your name' },
  passwordHint: { zh: '12 至 128 个字符', en: '12 to 128 characters' },
  signUpFailed: { zh: '未能注册', en: 'You were not signed up' },
  signUpSent: {
    zh: '请查收邮件：一小时内打开其中的链接以确认邮箱，然后登录。',
    en: 'Look into your mail: open the link in it within one hour to confirm your address, then sign in.',
  },
  noUsers: {
    zh: '本服务没有用户登录，只接受 API 密钥和一次性链接。',
    en: 'This service has no users of its own: it takes API keys and one-time links.',
  },

  resetTitle: { zh: '重设密码', en: 'Reset your password' },
  resetLead: {
    zh: '输入您的邮箱。如果有这个用户，您会收到一封带链接的邮件。',
    en: 'Enter your address. If there is such a user, a mail with a link comes to it.',
  },
  sendLink: { zh: '发送链接', en: 'Send the link' },
  resetSent: {
    zh: '如果有这个用户，邮件已发出；链接一小时内有效，只能使用一次。',
    en: 'If there is such a user, the mail is on its way. Its link works once, within one hour.',
  },
  newPassword: { zh: '新密码', en: 'New password' },
  setPassword: { zh: '设定新密码', en: 'Set the new password' },
  resetDone: {
    zh: '密码已更改，所有已登录的会话已退出。',
    en: 'The password is changed, and every session was signed out.',
  },
  resetFailed: { zh: '密码未更改', en: 'The password was not changed' },
  askAgain: { zh: '重新索取链接', en: 'Ask for another link' },

  invitationTitle: { zh: '加入机构的邀请', en: 'Invitation to an organisation' },
  invitationLead: {
    zh: '接受后，您可以代表邀请您的机构行事。只有收到邀请邮件的邮箱才能接受。',
    en: 'If you accept, you can act for the organisation that invited you. Only the address that got the mail can accept.',
  },
  accept: { zh: '接受邀请', en: 'Accept' },
  decline: { zh: '谢绝邀请', en: 'Decline' },
  declined: {
    zh: '您已谢绝，这份邀请不能再被接受。',
    en: 'You declined. The invitation can no longer be accepted.',
  },
  joined: { zh: '您已加入，现在以该机构的名义行事：', en: 'You have joined, and act now for' },
  joinedOnly: { zh: '您已加入该机构。', en: 'You have joined the organisation.' },
  invitationFailed: { zh: '邀请无法处理', en: 'The invitation could not be answered' },
  invitationSignIn: { zh: '请先用收到邀请的邮箱登录。', en: 'Sign in first, with the address that was invited.' },

  actFailed: { zh: '未能切换账户', en: 'The account was not changed' },
} satisfies Record<string, Text>;

/** Refusals of signing in, by their code, in words. */
const refusalTexts: Record<string, Text> = {
  INVALID_EMAIL_OR_PASSWORD: { zh: '邮箱或密码不正确。', en: 'The e-mail or the password is wrong.' },
  INVALID_EMAIL: { zh: '这不是邮箱地址。', en: 'This is no e-mail address.' },
  EMAIL_NOT_VERIFIED: {
    zh: '邮箱尚未确认。请打开注册时收到的邮件中的链接。',
    en: 'Your address is not confirmed yet. Open the link in the mail that came when you signed up.',
  },
  INVALID_CODE: { zh: '验证码不正确。', en: 'The code is wrong.' },
  INVALID_BACKUP_CODE: {
    zh: '恢复码不正确或已使用过。',
    en: 'The recovery code is wrong or was used before.',
  },
  INVALID_TWO_FACTOR_COOKIE: {
    zh: '等待过久，请重新输入密码。',
    en: 'That took too long. Enter your password again.',
  },
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: {
    zh: '尝试次数过多，请重新输入密码。',
    en: 'Too many attempts. Enter your password again.',
  },
  PASSWORD_TOO_SHORT: { zh: '密码太短，至少 12 个字符。', en: 'The password is too short: 12 characters or more.' },
  PASSWORD_TOO_LONG: { zh: '密码太长，至多 128 个字符。', en: 'The password is too long: at most 128 characters.' },
  INVALID_NAME: { zh: '姓名不可用。', en: 'This name cannot be used.' },
  SIGN_UP_BY_INVITATION: {
    zh: '本服务凭邀请注册，这个邮箱没有未答复的邀请。',
    en: 'Users come by invitation, and there is no open one for this address.',
  },
  INVALID_TOKEN: {
    zh: '链接无效、已使用过或已过期。',
    en: 'The link is not valid, was used before or is too old.',
  },
  TOKEN_EXPIRED: { zh: '链接已过期。', en: 'The link is too old.' },
  account_not_linked: {
    zh: '这个邮箱已有本服务的用户，请用密码或通行密钥登录。',
    en: 'This address has a user of this service already: sign in with the password or a passkey.',
  },
  'sign-in-locked': {
    zh: '尝试次数过多，请稍后再试；也可以使用通行密钥或重设密码。',
    en: 'Too many attempts. Wait a while, or use a passkey or reset the password.',
  },
  'passkey-not-used': {
    zh: '没有使用通行密钥：已取消、超时，或此设备上没有本服务的通行密钥。',
    en: 'No passkey was used: cancelled, too slow, or there is none for this service on this device.',
  },
  'passkey-unavailable': {
    zh: '此浏览器或此地址不能使用通行密钥。',
    en: 'This browser, or this address, cannot use passkeys.',
  },
  'passkey-refused': { zh: '服务不认识这个通行密钥。', en: 'The service does not know this passkey.' },
  'invitation-not-found': {
    zh: '邀请不存在、已答复、已过期，或发给了另一个邮箱。',
    en: 'The invitation is unknown, answered, too old, or for another address than the one you signed in with.',
  },
  'session-needed': {
    zh: '须由本人登录后操作，API 密钥不能。',
    en: 'Only for a person who is signed in, not for an API key.',
  },
  'step-up-cancelled': {
    zh: '没有确认身份，什么也没有更改。',
    en: 'You did not confirm that it is you; nothing was changed.',
  },
  INVALID_PASSWORD: { zh: '密码不正确。', en: 'The password is wrong.' },
  CREDENTIAL_ACCOUNT_NOT_FOUND: {
    zh: '您通过机构账号登录，在本服务没有密码。',
    en: 'You sign in through your organisation and have no password here.',
  },
  'passkey-not-made': {
    zh: '没有添加通行密钥：已取消、超时，或此设备上已有一个。',
    en: 'No passkey was added: cancelled, too slow, or this device has one already.',
  },
  'member-not-found': { zh: '这个人已不是成员。', en: 'This person is no member any more.' },
  'scope-not-held': {
    zh: '超出了允许的权限：角色须由平台运营方先授予机构，密钥不能多于本人的权限。',
    en: 'That is more than may be given: the operator gives roles to an organisation first, and a key never may more than you.',
  },
  'refused-by-sign-in': {
    zh: '不能这样做：机构至少要有一位所有者，或邀请已发出、已达上限。',
    en: 'This cannot be done: an organisation keeps at least one owner, or the address was invited already, or there are too many.',
  },
};

/** Words of a refusal, if there are any. */
export function refusalText(code: string): Text | undefined {
  return Object.hasOwn(refusalTexts, code) ? refusalTexts[code] : undefined;
}

/** What a key can be allowed to do. */
export const scopeTexts: Record<string, Text> = {
  'self.read': { zh: '查看本账户', en: 'See its own account' },
  'deposit.create': { zh: '提交存证', en: 'Make deposits' },
  'deposit.list': { zh: '列出存证', en: 'List deposits' },
  'deposit.read': { zh: '查看存证', en: 'Read deposits' },
  'deposit.download': { zh: '下载原件', en: 'Download originals' },
  'deposit.export': { zh: '导出材料包', en: 'Export packages' },
  'upload.write': { zh: '续传内容', en: 'Upload content later' },
  'certificate.read': { zh: '查看证书', en: 'Read certificates' },
  'custody.read': { zh: '查看保管记录', en: 'Read the record of custody' },
  'custody.hand-over': { zh: '移交', en: 'Hand over' },
  'custody.confirm': { zh: '确认收到移交', en: 'Confirm hand-overs' },
  'matter.create': { zh: '新建案件', en: 'Make matters' },
  'matter.list': { zh: '列出案件', en: 'List matters' },
  'matter.read': { zh: '查看案件', en: 'Read matters' },
  'matter.edit': { zh: '编辑案件', en: 'Edit matters' },
  'grant.create': { zh: '授权他人查看', en: 'Grant access' },
  'grant.read': { zh: '查看授权', en: 'See grants' },
  'grant.revoke': { zh: '收回授权', en: 'Take grants back' },
  'link.create': { zh: '生成共享链接', en: 'Make links' },
  'link.read': { zh: '查看共享链接', en: 'See links' },
  'link.revoke': { zh: '吊销共享链接', en: 'End links' },
  'request.create': { zh: '提出核验申请', en: 'Ask for verification' },
  'request.list': { zh: '列出核验申请', en: 'List requests' },
  'request.read': { zh: '查看核验申请', en: 'Read requests' },
  'request.decide': { zh: '处理核验申请', en: 'Decide requests' },
  'notice.read': { zh: '查看通知', en: 'Read notices' },
  'notice.manage': { zh: '设置通知', en: 'Set up notices' },
  'webhook.read': { zh: '查看 Webhook', en: 'See webhooks' },
  'webhook.manage': { zh: '设置 Webhook', en: 'Set up webhooks' },
  'platform.read': { zh: '查看平台运行', en: 'See the operation of the service' },
};

export const roleTexts: Record<string, Text> = {
  holder: { zh: '权利人', en: 'rights holder' },
  'capture-operator': { zh: '取证人员', en: 'capture operator' },
  notary: { zh: '公证人员', en: 'notary' },
  mediator: { zh: '调解员', en: 'mediator' },
  reader: { zh: '查阅者', en: 'reader' },
  officer: { zh: '执法人员', en: 'officer' },
  'platform-reviewer': { zh: '平台审核员', en: 'platform reviewer' },
  opponent: { zh: '对方当事人', en: 'opponent' },
  operator: { zh: '运营人员', en: 'operator' },
  auditor: { zh: '审计人员', en: 'auditor' },
  administrator: { zh: '管理员', en: 'administrator' },
};
