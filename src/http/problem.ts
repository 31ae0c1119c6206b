import * as z from 'zod';
import { AccessError, type AccessErrorCode } from '../access/access-error.ts';
import { ReportError, type ReportErrorCode } from '../certificate/verification-report/report-error.ts';
import { CustodyError, type CustodyErrorCode } from '../custody/custody-error.ts';
import { DatabaseError, type DatabaseErrorCode } from '../db/database-error.ts';
import { ErasureError, type ErasureErrorCode } from '../erasure/erasure-error.ts';
import type { CodedError } from '../errors.ts';
import { PackageError, type PackageErrorCode } from '../filing/package.ts';
import { DepositError, type DepositErrorCode } from '../intake/deposit-error.ts';
import { ResumableError, type ResumableErrorCode } from '../intake/resumable/resumable-error.ts';
import { IntakeError, type IntakeErrorCode } from '../intake/upload-error.ts';
import { LogError, type LogErrorCode } from '../log/log-error.ts';
import { MatterError, type MatterErrorCode } from '../matters/matter-error.ts';
import { NoticeError, type NoticeErrorCode } from '../notices/notice-error.ts';
import { SharingError, type SharingErrorCode } from '../sharing/sharing-error.ts';
import { StatusError, type StatusErrorCode } from '../status/status-error.ts';
import { StorageError, type StorageErrorCode } from '../storage/storage-error.ts';
import { HttpError, type HttpErrorCode } from './http-error.ts';

/** Every code that a problem document can carry. A new code of any part does not compile until it has its line in `PROBLEMS`. */
export type ProblemCode =
  | AccessErrorCode
  | CustodyErrorCode
  | DatabaseErrorCode
  | DepositErrorCode
  | ErasureErrorCode
  | HttpErrorCode
  | IntakeErrorCode
  | LogErrorCode
  | MatterErrorCode
  | NoticeErrorCode
  | PackageErrorCode
  | ReportErrorCode
  | ResumableErrorCode
  | SharingErrorCode
  | StatusErrorCode
  | StorageErrorCode;

interface ProblemKind {
  status: number;
  zh: string;
  en: string;
  /** For 5xx: the error's message was written for the caller. Those of 4xx always are. */
  tells?: true;
  /** Becomes `Retry-After` unless the error names another. */
  retryAfterSeconds?: number;
}

/** The only place that knows statuses. */
export const PROBLEMS: Readonly<Record<ProblemCode, ProblemKind>> = {
  // ------------------------------------------------------------ who calls
  unauthenticated: { status: 401, zh: '未通过身份验证', en: 'Not authenticated' },
  'sign-in-token-invalid': { status: 401, zh: '登录链接无效', en: 'Sign-in link not valid' },
  forbidden: { status: 403, zh: '无权执行此操作', en: 'Not allowed' },
  'no-account': { status: 403, zh: '尚未确认邮箱,没有可用账户', en: 'No account yet' },
  'sign-in-locked': { status: 429, zh: '尝试次数过多,请稍后再登录', en: 'Too many attempts to sign in' },
  'account-not-found': { status: 404, zh: '未找到账户', en: 'No such account' },
  'member-not-found': { status: 404, zh: '未找到成员', en: 'No such member' },
  'invitation-not-found': { status: 404, zh: '未找到邀请', en: 'No such invitation' },
  'key-not-found': { status: 404, zh: '未找到密钥', en: 'No such key' },
  'scope-not-held': { status: 403, zh: '密钥权限超出本人权限', en: 'More than the maker may do' },
  'session-needed': { status: 403, zh: '须由本人登录后操作', en: 'Only for a person who is signed in' },
  'session-not-found': { status: 404, zh: '未找到该登录', en: 'No such session' },
  'fresh-sign-in-needed': { status: 403, zh: '请先再次确认身份', en: 'Sign in again first' },
  'passkey-refused': { status: 422, zh: '通行密钥的签名不能使用', en: 'Signature of the passkey cannot be used' },
  'invalid-account-request': { status: 422, zh: '账户请求有误', en: 'Request not valid' },
  'refused-by-sign-in': { status: 409, zh: '无法执行该操作', en: 'Cannot be done' },
  'cross-site-request': { status: 403, zh: '拒绝跨站请求', en: 'Request from another site refused' },
  'rate-limited': { status: 429, zh: '请求过于频繁', en: 'Too many requests' },
  'too-many-uploads': { status: 503, zh: '同时上传数已达上限', en: 'Too many uploads at once', tells: true },

  // ------------------------------------------------------------ the request
  'not-found': { status: 404, zh: '未找到', en: 'Not found' },
  'method-not-allowed': { status: 405, zh: '不支持该方法', en: 'Method not allowed' },
  'invalid-body': { status: 422, zh: '请求内容有误', en: 'Body not valid' },
  'precondition-required': { status: 428, zh: '须以 If-Match 指明所见版本', en: 'If-Match is needed' },
  'invalid-parameter': { status: 400, zh: '参数有误', en: 'Invalid parameter' },
  'unsupported-media-type': { status: 415, zh: '不支持的内容类型', en: 'Content type not supported' },
  'unsupported-content-encoding': { status: 415, zh: '不支持的内容编码', en: 'Content encoding not supported' },
  'body-too-large': { status: 413, zh: '请求内容过大', en: 'Body too large' },
  'range-not-satisfiable': { status: 416, zh: '请求的范围超出文件', en: 'Range outside of the file' },

  // ------------------------------------------------------------ what is handed in
  'no-files': { status: 400, zh: '没有文件', en: 'No file' },
  'too-many-files': { status: 400, zh: '文件过多', en: 'Too many files' },
  'empty-file': { status: 422, zh: '文件为空', en: 'Empty file' },
  'file-too-large': { status: 413, zh: '文件过大', en: 'File too large' },
  'invalid-file-name': { status: 422, zh: '文件名不可用', en: 'File name not usable' },
  'unexpected-field': { status: 400, zh: '出现未定义的字段', en: 'Unexpected field' },
  'field-too-large': { status: 413, zh: '字段内容过大', en: 'Field too large' },
  'malformed-upload': { status: 400, zh: '上传内容格式有误', en: 'Malformed upload' },
  'upload-aborted': { status: 400, zh: '上传中断', en: 'Upload broken off' },
  'invalid-statement': { status: 422, zh: '存证说明有误', en: 'Statement not valid' },
  'invalid-digest-deposit': { status: 422, zh: '摘要存证请求有误', en: 'Deposit of digests not valid' },
  'signature-refused': { status: 422, zh: '签名与所提交的内容不符', en: 'Signature is over something else' },
  'invalid-idempotency-key': { status: 400, zh: '幂等键格式有误', en: 'Idempotency-Key not valid' },
  'idempotency-key-reused': { status: 409, zh: '幂等键已用于其他内容', en: 'Idempotency-Key used for other content' },
  'line-too-long': { status: 413, zh: '行过长', en: 'Line too long' },
  'too-many-lines': { status: 413, zh: '行数过多', en: 'Too many lines' },

  // ------------------------------------------------------------ content that follows its digests
  'tus-version-unsupported': { status: 412, zh: '续传协议版本不受支持', en: 'Version of tus not supported' },
  'invalid-upload-metadata': { status: 400, zh: '续传元数据有误', en: 'Upload-Metadata not valid' },
  'upload-size-differs': { status: 422, zh: '长度与已存证的不符', en: 'Length is not the deposited one' },
  'content-held': { status: 409, zh: '原件已留存', en: 'Content is here already' },
  'too-many-open-uploads': { status: 429, zh: '未完成的续传过多', en: 'Too many open uploads' },
  'open-uploads-too-large': { status: 413, zh: '未完成的续传总量过大', en: 'Open uploads are too large together' },
  'upload-not-found': { status: 404, zh: '未找到该续传', en: 'No such upload' },
  'upload-ended': { status: 410, zh: '续传已终止', en: 'Upload has ended' },
  'upload-offset-conflict': { status: 409, zh: '续传位置不符', en: 'Upload goes on elsewhere' },
  'upload-locked': { status: 423, zh: '续传正被另一请求使用', en: 'Upload in use by another request' },
  'upload-complete': { status: 409, zh: '内容已全部到达', en: 'All bytes are here' },
  'upload-incomplete': { status: 409, zh: '内容尚未全部到达', en: 'Bytes are missing' },
  'content-differs': {
    status: 422,
    zh: '内容与已存证的摘要不符,已丢弃;该存证仍为仅摘要存证',
    en: 'Content is not what the deposited digests say; dropped, the deposit stays one of digests',
  },
  'content-not-received': { status: 404, zh: '没有后续收讫的原件', en: 'No content came after the digests' },

  // ------------------------------------------------------------ what is asked for
  'deposit-not-found': { status: 404, zh: '未找到该存证', en: 'No such deposit' },
  'deposit-erased': { status: 410, zh: '存证内容已依法删除', en: 'Content of the deposit was erased' },
  'deposit-under-legal-hold': {
    status: 409,
    zh: '案件处于诉讼保留,不可删除',
    en: 'Under legal hold, cannot be erased',
  },
  'erasure-not-confirmed': {
    status: 422,
    zh: '存证编号不符,未删除',
    en: 'Not the number of the deposit: nothing was erased',
  },
  'not-erased': { status: 404, zh: '该存证未被删除', en: 'The deposit was not erased' },
  'original-not-held': { status: 404, zh: '本服务未留存该原件', en: 'Original not held here' },
  'preview-not-held': { status: 404, zh: '没有预览图', en: 'No preview' },
  // 409 and not 404: the deposit is the caller's and the certificate will come, so a client that knows only statuses asks again.
  'certificate-pending': { status: 409, zh: '证书尚未签发', en: 'Certificate not issued yet', retryAfterSeconds: 5 },
  'file-proof-pending': {
    status: 409,
    zh: '尚无日历服务器为该存证加盖时间戳',
    en: 'No OpenTimestamps calendar has stamped it yet',
    retryAfterSeconds: 60,
  },

  'certificate-unknown': {
    status: 404,
    zh: '没有编号与摘要均相符的证书',
    en: 'No certificate has this number and this digest',
  },
  'status-unchanged': { status: 409, zh: '证书状态未变', en: 'The certificate stands like this already' },
  'custody-deposit-unknown': { status: 404, zh: '未找到该存证', en: 'No such deposit' },
  'custody-too-long': { status: 409, zh: '保管记录过长', en: 'More custody events than one file carries' },
  'hand-over-not-found': { status: 404, zh: '未找到该移交', en: 'No such hand-over' },
  'hand-over-ended': {
    status: 409,
    zh: '移交已确认、取消或过期',
    en: 'The hand-over was confirmed, cancelled or has expired',
  },
  'hand-over-invalid': { status: 422, zh: '移交内容有误', en: 'Hand-over not valid' },
  'confirmation-link-invalid': { status: 404, zh: '确认链接无效', en: 'Confirmation link not valid' },
  'publication-pending': {
    status: 409,
    zh: '尚未发布覆盖该存证的检查点',
    en: 'No checkpoint that covers it is published yet',
    retryAfterSeconds: 5,
  },
  'not-certified': { status: 409, zh: '证书尚未签发', en: 'Certificate not issued yet', retryAfterSeconds: 5 },

  // ------------------------------------------------------------ notices
  'webhook-not-found': { status: 404, zh: '未找到该 Webhook', en: 'No such webhook' },
  'webhook-address-refused': { status: 422, zh: 'Webhook 地址不可用', en: 'Address of the webhook refused' },
  'webhook-disabled': { status: 409, zh: 'Webhook 已停用', en: 'The webhook is disabled' },
  'too-many-webhooks': { status: 409, zh: 'Webhook 数已达上限', en: 'Too many webhooks' },
  'unsubscribe-token-invalid': { status: 404, zh: '退订链接无效', en: 'Unsubscribe link not valid' },

  // ------------------------------------------------------------ matters, and showing to others
  'matter-not-found': { status: 404, zh: '未找到该案件', en: 'No such matter' },
  'matter-part-not-found': { status: 404, zh: '案件中没有该项', en: 'No such entry in the matter' },
  'matter-invalid': { status: 422, zh: '案件内容有误', en: 'Not possible in this matter' },
  'matter-closed': { status: 409, zh: '案件已结案,不可修改', en: 'The matter is closed' },
  'matter-duplicate': { status: 409, zh: '案件中已有该项', en: 'Stands in the matter already' },
  'matter-in-use': { status: 409, zh: '被引用,不可删除', en: 'In use, cannot be removed' },
  'matter-full': { status: 409, zh: '案件条目已达上限', en: 'The matter is full' },
  'version-mismatch': { status: 412, zh: '内容已被他人修改', en: 'Changed since you have seen it' },
  'derivative-invalid': { status: 422, zh: '衍生件对应关系有误', en: 'Not possible as a derivative' },
  'request-not-found': { status: 404, zh: '未找到该申请', en: 'No such request' },
  'report-invalid': { status: 422, zh: '核验报告内容有误', en: 'Verification report not valid' },
  'report-too-many-items': {
    status: 422,
    zh: '一份核验报告所列材料过多',
    en: 'More things than one verification report holds',
  },
  'request-invalid': { status: 422, zh: '申请内容有误', en: 'Request not valid' },
  'request-ended': { status: 409, zh: '申请当前状态不允许此操作', en: 'The request is past that' },
  'grant-not-found': { status: 404, zh: '未找到该授权', en: 'No such grant' },
  'grant-invalid': { status: 422, zh: '授权内容有误', en: 'Grant not valid' },
  'link-not-found': { status: 404, zh: '链接无效', en: 'No such link' },
  'link-invalid': { status: 422, zh: '链接设置有误', en: 'Link not valid' },
  'passphrase-required': {
    status: 422,
    zh: '商业秘密的链接须设口令',
    en: 'A link to a trade secret needs a passphrase',
  },

  // ------------------------------------------------------------ the service
  'original-differs': {
    status: 500,
    zh: '存储中的原件与证书不符',
    en: 'Stored original is not what the certificate says',
  },
  'log-pending': {
    status: 503,
    zh: '已留存,尚未写入日志',
    en: 'Kept, but not in the log yet',
    tells: true,
    retryAfterSeconds: 5,
  },
  'commit-unknown': {
    status: 503,
    zh: '数据库连接中断,结果未知;请用同一幂等键重试',
    en: 'Database connection lost, outcome unknown: repeat with the same Idempotency-Key',
    retryAfterSeconds: 5,
  },
  'commit-refused': { status: 503, zh: '数据库拒绝提交', en: 'Database refused to commit', retryAfterSeconds: 5 },
  'integration-timeout': { status: 503, zh: '尚未写入日志', en: 'Not in the log yet', retryAfterSeconds: 5 },
  'log-stopped': { status: 503, zh: '日志已停止,等待人工检查', en: 'The log has stopped until a person has looked' },
  'beyond-checkpoint': { status: 404, zh: '超出最新检查点', en: 'Beyond the newest checkpoint' },
  'database-behind-register': {
    status: 500,
    zh: '数据库落后于检查点登记',
    en: 'Database is behind the checkpoint register',
  },
  'register-forked': { status: 500, zh: '日志与检查点登记不一致', en: 'Log and checkpoint register differ' },
  'register-behind-checkpoint': { status: 500, zh: '检查点登记落后', en: 'Checkpoint register is behind' },
  'register-foreign': { status: 500, zh: '检查点登记属于另一日志', en: "Checkpoint register is another log's" },
  'register-unreadable': { status: 500, zh: '检查点登记无法读取', en: 'Checkpoint register cannot be read' },
  'log-key-missing': { status: 500, zh: '缺少日志签名密钥', en: 'A key of the log is missing' },
  'rotation-refused': { status: 409, zh: '密钥轮换被拒绝', en: 'Key rotation refused' },
  'log-record-differs': { status: 500, zh: '日志首条记录不符', en: 'Leaf 0 says otherwise' },
  'tree-incomplete': { status: 500, zh: '日志数据不完整', en: 'Log is incomplete' },
  'witness-inconsistency': {
    status: 500,
    zh: '见证人所见与日志不一致，日志已停止签署',
    en: 'A witness knows another tree of this log, which signs nothing until a person has looked',
  },
  'term-over': { status: 503, zh: '日志写入权已转移', en: 'Another server leads the log', retryAfterSeconds: 5 },
  'database-unavailable': { status: 503, zh: '数据库暂不可用', en: 'Database not available', retryAfterSeconds: 5 },
  'not-ready': { status: 503, zh: '服务尚未就绪', en: 'Not ready', tells: true, retryAfterSeconds: 5 },
  'storage-full': { status: 507, zh: '存储空间不足', en: 'Storage is full' },
  'storage-failed': { status: 503, zh: '存储暂不可用', en: 'Storage not available', retryAfterSeconds: 5 },
  'object-not-found': { status: 500, zh: '存储中缺少原件', en: 'Stored object is missing' },
  'object-corrupt': { status: 500, zh: '存储中的原件已损坏', en: 'Stored object is damaged' },
  'object-differs': { status: 500, zh: '存储内容冲突', en: 'Stored object differs' },
  'object-retained': { status: 409, zh: '存储保留期内不可删除', en: 'Object is under retention' },
  'invalid-object-name': { status: 500, zh: '内部错误', en: 'Internal error' },
  'range-out-of-bounds': { status: 500, zh: '内部错误', en: 'Internal error' },
  'wrong-key': { status: 500, zh: '无法解密存储内容', en: 'Stored object cannot be decrypted' },
  'unknown-master-key': {
    status: 500,
    zh: '缺少解密所需的主密钥',
    en: 'Master key of the stored object is not configured',
  },
  'invalid-master-key': { status: 500, zh: '内部错误', en: 'Internal error' },
  'invalid-wrapped-key': { status: 500, zh: '无法解密存储内容', en: 'Stored object cannot be decrypted' },
  'register-conflict': { status: 500, zh: '内部错误', en: 'Internal error' },
  'register-unsafe': { status: 500, zh: '内部错误', en: 'Internal error' },
  'migration-changed': { status: 500, zh: '内部错误', en: 'Internal error' },
  'schema-newer': { status: 500, zh: '内部错误', en: 'Internal error' },
  'digest-failed': { status: 500, zh: '计算摘要失败', en: 'Digest computation failed' },
  'internal-error': { status: 500, zh: '内部错误', en: 'Internal error' },
};

/** RFC 9457. `code` is the stable name; further members depend on it. */
export const problemSchema = z.looseObject({
  /** `/problems/<code>`: a page that says what the code means. */
  type: z.string(),
  title: z.string(),
  titleZh: z.string(),
  status: z.number().int().min(400).max(599),
  code: z.string(),
  /** What was wrong with this very request; not given for errors of the service. */
  detail: z.string().optional(),
  requestId: z.string().optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** A failure as the caller may see it. */
export interface ProblemAnswer {
  problem: Problem;
  retryAfterSeconds: number | undefined;
  /** Nobody wrote a case for it: the diagnostics get the whole error. */
  isUnforeseen: boolean;
}

/** Any error → what the caller sees of it. What is not foreseen is `internal-error` without detail. */
export function problemOf(error: unknown): ProblemAnswer {
  const known = knownError(error);
  const code = known?.code ?? 'internal-error';
  const kind = PROBLEMS[code];
  const tells = kind.status < 500 || kind.tells === true;
  const members = known instanceof HttpError ? known.members : {};
  const depositId = known instanceof DepositError ? known.depositId : undefined;
  const retryAfterSeconds = known instanceof HttpError ? known.retryAfterSeconds : undefined;
  return {
    problem: {
      type: `/problems/${code}`,
      title: kind.en,
      titleZh: kind.zh,
      status: kind.status,
      code,
      ...(tells && known !== undefined ? { detail: known.message } : {}),
      ...members,
      ...(depositId === undefined ? {} : { depositId }),
    },
    retryAfterSeconds: retryAfterSeconds ?? kind.retryAfterSeconds,
    isUnforeseen: known === undefined,
  };
}

/** FormatErrors and ProofErrors are not among them: where a request causes one, its parser says so by an error of its own. */
function knownError(error: unknown): CodedError<ProblemCode> | undefined {
  if (
    error instanceof AccessError ||
    error instanceof CustodyError ||
    error instanceof DatabaseError ||
    error instanceof DepositError ||
    error instanceof ErasureError ||
    error instanceof HttpError ||
    error instanceof IntakeError ||
    error instanceof LogError ||
    error instanceof MatterError ||
    error instanceof NoticeError ||
    error instanceof PackageError ||
    error instanceof ReportError ||
    error instanceof ResumableError ||
    error instanceof SharingError ||
    error instanceof StatusError ||
    error instanceof StorageError
  ) {
    return error;
  }
  if (isDatabaseAway(error)) {
    return new HttpError('database-unavailable', 'the database does not answer', { cause: error });
  }
  return undefined;
}

/** Connection refused, lost, or lost since the last statement; SQLSTATE classes 08 and 57P; the pool's own time-out. */
function isDatabaseAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  if (typeof code === 'string') return /^(?:ECONNREFUSED|ECONNRESET|EPIPE|ETIMEDOUT|08|57P|53300)/.test(code);
  return /^(?:timeout exceeded when trying to connect|Connection terminated|Client .* is not queryable$)/.test(
    error.message,
  );
}
