import type { Text } from '../texts.ts';

/** Words of the pages on which people look after their user, account, keys and notices. */
export const accountTexts = {
  // The pages
  navigation: { zh: '账户的各部分', en: 'Parts of the account' },
  overview: { zh: '账户', en: 'Account' },
  organisations: { zh: '机构与成员', en: 'Organisations and members' },
  keys: { zh: 'API 密钥', en: 'API keys' },
  security: { zh: '登录与安全', en: 'Signing in and security' },
  notices: { zh: '通知', en: 'Notices' },
  unavailable: { zh: '暂时无法显示', en: 'This cannot be shown now' },
  notDone: { zh: '没有完成', en: 'This was not done' },
  personNeeded: {
    zh: '您现在使用 API 密钥或一次性链接。这一页须由本人登录后使用。',
    en: 'You are using an API key or a one-time link. This page is for a person who has signed in.',
  },
  cancel: { zh: '取消', en: 'Cancel' },
  save: { zh: '保存', en: 'Save' },
  saved: { zh: '已保存。', en: 'Saved.' },
  none: { zh: '无', en: 'none' },

  // Overview
  you: { zh: '您', en: 'You' },
  user: { zh: '登录用户', en: 'Signed in as' },
  byKey: { zh: 'API 密钥', en: 'an API key' },
  byLink: { zh: '一次性登录链接', en: 'a one-time sign-in link' },
  acting: { zh: '您以谁的名义行事', en: 'Whom you act for' },
  actingLead: {
    zh: '您提交的存证、建立的案件和收到的通知，都归这里所选的账户所有。',
    en: 'What you hand in, the matters you make and the notices you get belong to the account chosen here.',
  },
  accountName: { zh: '账户名称', en: 'Account' },
  accountKind: { zh: '类别', en: 'Kind' },
  accountId: { zh: '账户编号', en: 'Account number' },
  accountIdHint: {
    zh: '他人向您授权时可以使用此编号；与您没有往来的人所作的授权，由您在“收到的材料”中领取。它不是秘密。',
    en: 'Others can name it when they give you access; what somebody gives with whom you have had nothing to do, you take under “Shown to me”. It is no secret.',
  },
  person: { zh: '个人', en: 'person' },
  organisation: { zh: '机构', en: 'organisation' },
  unknownKind: { zh: '未区分', en: 'not stated' },
  actFor: { zh: '改为以此账户行事', en: 'Act for another account' },
  change: { zh: '切换', en: 'Change' },
  actingNow: { zh: '现在以此账户的名义行事：', en: 'You act now for' },
  actFailed: { zh: '未能切换账户', en: 'The account was not changed' },
  roles: { zh: '您在此账户中的角色', en: 'What you are in this account' },
  noRoles: {
    zh: '还没有角色。请联系机构的管理员或平台运营方。',
    en: 'Nothing yet. Ask an administrator of the organisation, or the operator of the service.',
  },
  identity: { zh: '身份核验', en: 'How the identity was checked' },
  identityLead: {
    zh: '此后的存证证书会照此印出。核验由平台运营方登记，账户本人不能更改。',
    en: 'Certificates of deposits made from now on print this. The operator of the service records it; the account itself cannot.',
  },
  identityNone: { zh: '未核验', en: 'not checked' },
  identityNoneLead: {
    zh: '平台没有核验过此账户的身份，证书会印明“未核验”。如需核验，请与平台运营方联系。',
    en: 'Nobody has checked who this is, and certificates say so. Ask the operator of the service if you want it checked.',
  },
  method: { zh: '方式', en: 'Method' },
  checkedBy: { zh: '核验人', en: 'Checked by' },
  checkedAt: { zh: '核验时间', en: 'Checked at' },
  recordedAt: { zh: '登记时间', en: 'recorded at' },
  nobodyNamed: { zh: '未写明', en: 'not stated' },
  earlierChecks: { zh: '以前的登记', en: 'Earlier records' },

  // Organisations
  organisationsLead: {
    zh: '律师事务所、公司、公证机构等可以由多人共同使用一个账户。每人按其角色行事。',
    en: 'A law firm, a company or a notary office can be one account that several people act for, each in his own role.',
  },
  yourOrganisations: { zh: '您所在的机构', en: 'Organisations you belong to' },
  noOrganisations: { zh: '您还不属于任何机构。', en: 'You belong to no organisation yet.' },
  yourInvitations: { zh: '发给您的邀请', en: 'Invitations to you' },
  invitedUntil: { zh: '有效期至', en: 'open until' },
  accept: { zh: '接受', en: 'Accept' },
  decline: { zh: '谢绝', en: 'Decline' },
  declined: { zh: '已谢绝。', en: 'Declined.' },
  newOrganisation: { zh: '新建机构', en: 'A new organisation' },
  newOrganisationLead: {
    zh: '您将成为所有者，并立即以它的名义行事。公证、调解等角色由平台运营方核实后授予。',
    en: 'You will own it, and act for it at once. Roles such as notary or mediator are given by the operator of the service, who checks first.',
  },
  organisationName: { zh: '机构名称', en: 'Name of the organisation' },
  create: { zh: '新建', en: 'Create' },
  members: { zh: '成员', en: 'Members' },
  membersOf: { zh: '成员：', en: 'Members of' },
  membersLead: {
    zh: '每项更改立即生效，也立即影响其密钥和登录。',
    en: 'Every change counts at once, for sessions that are open too.',
  },
  chooseOrganisation: {
    zh: '要管理成员，请先在“账户”页切换到机构账户，并由管理员操作。',
    en: 'To look after members, change to the organisation on the page "Account" first; only its administrators can.',
  },
  owner: { zh: '所有者', en: 'owner' },
  thatIsYou: { zh: '您本人', en: 'you' },
  memberSince: { zh: '加入于', en: 'member since' },
  changeRoles: { zh: '更改角色', en: 'Change roles' },
  removeMember: { zh: '移除', en: 'Remove' },
  removeMemberSure: {
    zh: '移除后，此人立即不能再以本机构的名义行事；其提交的存证仍归机构所有。需要时可以重新邀请。',
    en: 'From then on this person cannot act for the organisation; what he handed in stays with it. He can be invited again.',
  },
  removeReally: { zh: '确定移除', en: 'Remove now' },
  openInvitations: { zh: '未答复的邀请', en: 'Invitations that wait' },
  withdraw: { zh: '撤回邀请', en: 'Take back' },
  withdrawSure: { zh: '撤回后，邮件中的链接失效。', en: 'The link in the mail will no longer work.' },
  withdrawReally: { zh: '确定撤回', en: 'Take it back now' },
  invite: { zh: '邀请成员', en: 'Invite somebody' },
  inviteLead: {
    zh: '邀请以邮件发出，48 小时内有效，只有该邮箱的使用者能接受。',
    en: 'A mail goes to the address. Only its owner can accept, within 48 hours.',
  },
  email: { zh: '邮箱', en: 'E-mail' },
  sendInvitation: { zh: '发出邀请', en: 'Send the invitation' },
  invited: { zh: '邀请已发出。', en: 'The invitation is on its way.' },
  rolesOf: { zh: '角色', en: 'Roles' },

  // Keys
  keysLead: {
    zh: '供您的程序使用。密钥的权限不超过您本人，且一定有期限；不能用来管理成员、密钥，也不能删除存证。',
    en: 'For your own programs. A key never may more than you and always ends. It manages no members or keys and erases nothing.',
  },
  keysAdministrators: {
    zh: '密钥由账户的管理员管理，且须由本人登录。您现在没有这个权限。',
    en: 'Keys are looked after by the administrators of the account, signed in as a person. You are none here.',
  },
  keysNone: { zh: '还没有密钥。', en: 'No keys yet.' },
  newKey: { zh: '新建密钥', en: 'A new key' },
  label: { zh: '名称', en: 'Label' },
  labelHint: { zh: '写明用在哪里，例如“扫描仪”', en: 'Say where it is used, "scanner" for instance' },
  days: { zh: '有效天数（1 至 366）', en: 'Days until it ends (1 to 366)' },
  graceHours: { zh: '旧密钥继续有效的小时数（0 至 720）', en: 'Hours for which the old key goes on (0 to 720)' },
  scopes: { zh: '可以做什么', en: 'What it may do' },
  scopesMissing: { zh: '请至少选择一项。', en: 'Choose one at least.' },
  make: { zh: '生成密钥', en: 'Make the key' },
  secretOnce: {
    zh: '请立即把下面的密钥保存到您的程序中。本服务只保存它的摘要，关闭后不再显示。',
    en: 'Keep this key in your program now. Only its digest is kept here; it is not shown again.',
  },
  secret: { zh: '密钥', en: 'Key' },
  copy: { zh: '复制', en: 'Copy' },
  copied: { zh: '已复制', en: 'Copied' },
  notCopied: { zh: '请按 Ctrl+C 复制', en: 'Press Ctrl+C to copy' },
  secretKept: { zh: '已保存', en: 'I have kept it' },
  inForce: { zh: '有效', en: 'in force' },
  revoked: { zh: '已吊销', en: 'revoked' },
  expired: { zh: '已过期', en: 'expired' },
  replaced: { zh: '已更换，旧密钥暂时有效', en: 'replaced; goes on until it ends' },
  created: { zh: '建立', en: 'made' },
  expires: { zh: '到期', en: 'ends' },
  lastUsed: { zh: '最近使用', en: 'last used' },
  never: { zh: '从未', en: 'never' },
  allScopes: { zh: '建立者当时可授予的全部权限', en: 'all that its maker might give' },
  rotate: { zh: '更换', en: 'Replace' },
  rotateLead: {
    zh: '生成权限相同的新密钥；旧密钥在所填小时内继续有效，便于切换。',
    en: 'A new key with the same rights. The old one goes on for these hours, so that nothing stands still.',
  },
  revoke: { zh: '吊销', en: 'Revoke' },
  revokeSure: {
    zh: '吊销立即生效，不能撤销；仍在使用它的程序将停止工作。',
    en: 'This counts at once and cannot be undone; programs that still use it will stop.',
  },
  revokeReally: { zh: '确定吊销', en: 'Revoke it now' },

  // Signing in and security
  emailTitle: { zh: '登录邮箱', en: 'Your address' },
  emailConfirmed: { zh: '已确认', en: 'confirmed' },
  emailUnconfirmed: { zh: '未确认', en: 'not confirmed' },
  emailUnconfirmedLead: {
    zh: '未确认的邮箱收不到通知和邀请。',
    en: 'An address that is not confirmed gets no notices and no invitations.',
  },
  password: { zh: '密码', en: 'Password' },
  currentPassword: { zh: '当前密码', en: 'Current password' },
  newPassword: { zh: '新密码', en: 'New password' },
  passwordHint: { zh: '12 至 128 个字符', en: '12 to 128 characters' },
  endOthersToo: { zh: '同时退出其他各处的登录', en: 'Sign out everywhere else as well' },
  changePassword: { zh: '更改密码', en: 'Change the password' },
  passwordChanged: { zh: '密码已更改。', en: 'The password is changed.' },
  passkeys: { zh: '通行密钥', en: 'Passkeys' },
  passkeysLead: {
    zh: '用设备的指纹、面容或 PIN 登录，不怕假冒网站。建议至少添加两个，存放在不同的设备上。',
    en: "Sign in with your device's fingerprint, face or PIN; imitated sites get nothing. Two on different devices are better than one.",
  },
  passkeysNone: { zh: '还没有通行密钥。', en: 'No passkeys yet.' },
  passkeyName: { zh: '名称', en: 'Name' },
  passkeyNameHint: { zh: '例如“办公室电脑”', en: '"Office computer" for instance' },
  addPasskey: { zh: '添加通行密钥', en: 'Add a passkey' },
  passkeyAdded: { zh: '通行密钥已添加。', en: 'The passkey was added.' },
  addedAt: { zh: '添加于', en: 'added' },
  unnamed: { zh: '未命名', en: 'without a name' },
  rename: { zh: '改名', en: 'Rename' },
  removePasskey: { zh: '移除', en: 'Remove' },
  removePasskeySure: {
    zh: '移除后不能再用它登录，不能撤销。设备上留下的那一份请自行删除。',
    en: 'It signs in no more; this cannot be undone. What is left of it on the device is yours to delete.',
  },
  secondFactor: { zh: '第二步验证', en: 'Second factor' },
  secondFactorLead: {
    zh: '输入密码之后，再输入手机验证器应用显示的 6 位数字。',
    en: 'After the password, six digits from an authenticator app on your phone.',
  },
  factorOn: { zh: '已开启', en: 'on' },
  factorOff: { zh: '未开启', en: 'off' },
  turnOn: { zh: '开启', en: 'Turn on' },
  turnOff: { zh: '关闭', en: 'Turn off' },
  turnOffSure: {
    zh: '关闭后只凭密码即可登录，恢复码作废。',
    en: 'The password alone will do from then on, and the recovery codes end.',
  },
  newCodes: { zh: '更换恢复码', en: 'New recovery codes' },
  newCodesLead: { zh: '以前的恢复码全部作废。', en: 'All earlier recovery codes end.' },
  scan: {
    zh: '1. 用验证器应用扫描此二维码，或输入下面的密钥。',
    en: '1. Scan this with your authenticator app, or type in the key below it.',
  },
  qrAlt: { zh: '供验证器应用扫描的二维码', en: 'QR code for the authenticator app' },
  factorKey: { zh: '密钥', en: 'Key' },
  keepCodes: {
    zh: '2. 保存恢复码。手机丢失时，每个恢复码可以代替一次 6 位数字。只在此时显示。',
    en: '2. Keep the recovery codes. If the phone is lost, each replaces the six digits once. They are shown only now.',
  },
  keepCodesAlone: {
    zh: '请保存恢复码。每个恢复码可以使用一次。只在此时显示。',
    en: 'Keep these recovery codes. Each works once. They are shown only now.',
  },
  saveCodes: { zh: '保存为文件', en: 'Save as a file' },
  enterDigits: {
    zh: '3. 输入应用现在显示的 6 位数字，完成开启。',
    en: '3. Enter the six digits that the app shows now.',
  },
  digits: { zh: '6 位数字', en: '6 digits' },
  confirm: { zh: '确认', en: 'Confirm' },
  factorIsOn: { zh: '第二步验证已开启。', en: 'The second factor is on.' },
  factorIsOff: { zh: '第二步验证已关闭。', en: 'The second factor is off.' },
  sessions: { zh: '登录的地方', en: 'Where you are signed in' },
  sessionsLead: {
    zh: '有不认识的登录，请立即结束它并更改密码。',
    en: 'If you do not know one of them, end it at once and change the password.',
  },
  thisSession: { zh: '当前', en: 'this one' },
  unknownBrowser: { zh: '未知的浏览器', en: 'Unknown browser' },
  browserOn: { zh: '，', en: ' on ' },
  signedInAt: { zh: '登录于', en: 'signed in' },
  from: { zh: '来自', en: 'from' },
  until: { zh: '至', en: 'until' },
  endSession: { zh: '退出', en: 'Sign out' },
  endOthers: { zh: '退出其他各处的登录', en: 'Sign out everywhere else' },
  othersEnded: { zh: '其他各处的登录已结束。', en: 'Every other session has ended.' },
  noOthers: { zh: '没有其他登录。', en: 'There are no other sessions.' },

  // Proving once more who one is
  stepUpTitle: { zh: '请再次确认是您本人', en: 'Confirm that it is you' },
  stepUpLead: {
    zh: '您登录已超过一刻钟。这项更改的影响较久，请再次输入密码或使用通行密钥。',
    en: 'You signed in more than a quarter of an hour ago, and this change lasts. Enter your password again or use a passkey.',
  },
  stepUpCode: { zh: '6 位数字，或一个恢复码', en: 'Six digits, or a recovery code' },
  stepUpProvider: {
    zh: '您通过机构账号登录？请重新登录，再做一次这项更改。',
    en: 'You sign in through your organisation? Sign in again there, and repeat the change.',
  },
  stepUpElsewhere: { zh: '重新登录', en: 'Sign in again' },
  stepUpFailed: { zh: '没有确认', en: 'Not confirmed' },

  // Notices
  noticesLead: {
    zh: '平台在这些情况下通知您。通知只写编号和时间，不含存证内容。',
    en: 'You are told of these. A notice names numbers and times, nothing of the evidence itself.',
  },
  byMail: { zh: '以邮件通知', en: 'By e-mail' },
  byMailLead: {
    zh: '发到您已确认的登录邮箱，十分钟内的多项合为一封。',
    en: 'To your confirmed address; what happens within ten minutes comes as one mail.',
  },
  mailLanguage: { zh: '邮件语言', en: 'Language of the mails' },
  both: { zh: '中文和英文', en: 'Chinese and English' },
  chinese: { zh: '中文', en: 'Chinese' },
  english: { zh: '英文', en: 'English' },
  kinds: { zh: '哪些情况', en: 'What about' },
  webhooks: { zh: 'Webhook（通知您的系统）', en: 'Webhooks: telling your systems' },
  webhooksLead: {
    zh: '平台向您给出的地址发送签名的请求，失败时重试三天。只接受公开的 https 地址。',
    en: 'Signed requests go to an address of yours, and are repeated for three days if they fail. Only public https addresses.',
  },
  webhooksNone: { zh: '还没有 Webhook。', en: 'No webhooks yet.' },
  webhookUrl: { zh: '地址', en: 'Address' },
  addWebhook: { zh: '添加 Webhook', en: 'Add a webhook' },
  allKinds: { zh: '全部情况，包括以后新增的', en: 'Everything, kinds of later versions too' },
  someKinds: { zh: '只发送所选的', en: 'Only what is chosen' },
  webhookSecretOnce: {
    zh: '请立即把签名密钥保存到接收方。关闭后不再显示，只能更换。',
    en: 'Give this signing secret to the receiver now. It is not shown again, it can only be replaced.',
  },
  active: { zh: '启用', en: 'active' },
  disabled: { zh: '停用', en: 'disabled' },
  failingSince: { zh: '自此时起一直失败：', en: 'failing since' },
  test: { zh: '发送测试通知', en: 'Send a test' },
  testSent: {
    zh: '测试通知已排队，结果见下面的投递记录。',
    en: 'The test is queued; the deliveries below tell how it went.',
  },
  disable: { zh: '停用', en: 'Disable' },
  disableSure: {
    zh: '停用后，等待投递的通知被取消。可以再启用。',
    en: 'What waits for it is cancelled. It can be enabled again.',
  },
  enable: { zh: '启用', en: 'Enable' },
  newSecret: { zh: '更换签名密钥', en: 'New signing secret' },
  newSecretLead: {
    zh: '旧密钥在 24 小时内同时签名。',
    en: 'The one before signs as well for 24 hours.',
  },
  removeWebhook: { zh: '删除', en: 'Remove' },
  removeWebhookSure: {
    zh: '删除不能撤销，等待投递的通知被取消。',
    en: 'This cannot be undone, and what waits for it is cancelled.',
  },
  deliveries: { zh: '最近的投递', en: 'Last deliveries' },
  deliveriesNone: { zh: '还没有投递。', en: 'No deliveries yet.' },
  attempts: { zh: '次尝试', en: 'attempts' },
  outcome: { zh: '结果', en: 'outcome' },
  nextAttempt: { zh: '下次尝试', en: 'next attempt' },
  mail: { zh: '邮件', en: 'mail' },
  received: { zh: '收到的通知', en: 'Notices received' },
  receivedNone: { zh: '还没有通知。', en: 'No notices yet.' },
  more: { zh: '更早的', en: 'Earlier ones' },
  open: { zh: '查看', en: 'Open' },
  refresh: { zh: '刷新', en: 'Look again' },
} satisfies Record<string, Text>;

/** What somebody in a role does here, in one sentence. */
export const roleMeanings: Record<string, Text> = {
  holder: {
    zh: '提交存证、建立案件、查看和导出自己的材料，并决定给谁看',
    en: 'hands in evidence, keeps matters, exports what is his and decides who sees it',
  },
  'capture-operator': {
    zh: '为账户取证并提交，只看存证和记录，不下载原件',
    en: 'captures and hands in for the account; sees deposits and records, downloads no originals',
  },
  notary: {
    zh: '处理核验申请，查看和下载获授权的材料，登记公证书编号',
    en: 'decides requests, reads and downloads what was granted, enters deed numbers',
  },
  mediator: {
    zh: '查看双方同意共享的材料，不下载原件',
    en: 'reads what the parties agreed to share, downloads no originals',
  },
  reader: {
    zh: '法官、仲裁员等：查看和下载获授权的材料',
    en: 'judge, arbitrator: reads and downloads what was granted',
  },
  officer: {
    zh: '执法或海关人员：查看和下载获授权的材料',
    en: 'enforcement or customs: reads and downloads what was granted',
  },
  'platform-reviewer': {
    zh: '查看获授权的材料，用于处理侵权通知',
    en: 'reads what was granted, to deal with takedown notices',
  },
  opponent: {
    zh: '查看对方授权的材料，可独立核验',
    en: 'reads what the other side granted, and verifies independently',
  },
  operator: {
    zh: '运行平台：账户、角色、身份核验、警报；看不到存证内容',
    en: 'runs the service: accounts, roles, identity checks, alarms; sees no content of deposits',
  },
  auditor: { zh: '查看平台运行状况；看不到存证内容', en: 'sees how the service runs; sees no content of deposits' },
  administrator: {
    zh: '管理成员、密钥和 Webhook；不因此看到存证',
    en: 'looks after members, keys and webhooks; sees no evidence by that',
  },
};

/** Ways in which an identity is checked; others are the operator's own words. */
export const identityMethodTexts: Record<string, Text> = {
  none: accountTexts.identityNone,
  'id-document': { zh: '身份证件', en: 'identity document' },
  'id-document-in-person': { zh: '当面核对身份证件', en: 'identity document, in person' },
  'id-document-video': { zh: '视频核对身份证件', en: 'identity document, by video' },
  'business-licence': { zh: '营业执照', en: 'business licence' },
  'bank-transfer': { zh: '对公账户打款', en: 'transfer from a company account' },
  'real-name-service': { zh: '实名认证服务', en: 'real-name service' },
  'practising-certificate': { zh: '执业证件', en: 'practising certificate' },
  'official-letter': { zh: '单位公函', en: 'official letter' },
};

/** What one can be told of. */
export const noticeKindTexts: Record<string, Text> = {
  anchored: { zh: '存证已上链并最终确认', en: 'A deposit is anchored and final' },
  certified: { zh: '证书已签发', en: 'A certificate was issued' },
  stuck: { zh: '存证进度延迟', en: 'Deposits are delayed' },
  'grant-received': { zh: '有内容共享给您', en: 'Something was shared with you' },
  'grant-opened': { zh: '您共享的内容被查看', en: 'Something you shared was opened' },
  'hand-over-waiting': { zh: '有移交等待您确认', en: 'A hand-over waits for you' },
  'request-received': { zh: '有核验申请等待您处理', en: 'A request waits at your desk' },
  'request-changed': { zh: '您的核验申请有进展', en: 'A request of yours went on' },
  'upload-expiring': { zh: '上传即将失效', en: 'An upload is about to end' },
  'renewal-due': { zh: '时间证明需要续期', en: 'A proof of time is due for renewal' },
  'webhook-disabled': { zh: 'Webhook 已停用', en: 'A webhook was disabled' },
  test: { zh: '测试通知', en: 'Test' },
};

export const deliveryStateTexts: Record<string, Text> = {
  waiting: { zh: '等待', en: 'waiting' },
  sent: { zh: '已送达', en: 'delivered' },
  'given-up': { zh: '已放弃', en: 'given up' },
  cancelled: { zh: '已取消', en: 'cancelled' },
};

export const webhookEndTexts: Record<string, Text> = {
  account: { zh: '由本账户停用', en: 'by this account' },
  failed: { zh: '连续失败三天', en: 'three days without success' },
  gone: { zh: '接收方表示地址已废弃（410）', en: 'the receiver said that it is gone (410)' },
};

/** Words for a stable name, else the name itself. */
export function wordsFor(table: Readonly<Record<string, Text>>, name: string): Text {
  const words = Object.hasOwn(table, name) ? table[name] : undefined;
  return words ?? { zh: name, en: name };
}
