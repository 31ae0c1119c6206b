import type { Bilingual } from '../format/certificate.ts';
import type { RECEIVER_KINDS } from '../format/custody.ts';
import type { Inspection } from '../format/inspection.ts';
import type { Check, NotCheckedCause, Report } from '../format/report.ts';

/** Plain words for the names and outcomes of a report, the same on the command line, in pages and on paper. */

const CHECKS: Record<string, Bilingual> = {
  'certificate.canonical': { zh: '证书数据格式规范', en: 'The data is in its one canonical spelling' },
  seal: { zh: '签章有效且属于可信签章人', en: 'The seal is valid and belongs to a signer you trust' },
  'record.commitment': { zh: '各部分同属一份存证记录', en: 'All parts belong to one deposit record' },
  'annex.depositor': { zh: '存证人信息未被更改', en: 'The depositor data is the one committed to' },
  'annex.statement': { zh: '存证陈述未被更改', en: 'The deposit statement is the one committed to' },
  'annex.signature': {
    zh: '所附密钥对文件与陈述的签名(密钥归属由平台陈述)',
    en: "The key that the operator says is the depositor's signed files and statement",
  },
  'file.missing': { zh: '待比对的文件', en: 'File to compare' },
  'file.size': { zh: '文件大小一致', en: 'The file has the recorded size' },
  'file.sha256': { zh: 'SHA-256 摘要一致', en: 'The SHA-256 digest matches' },
  'file.sm3': { zh: 'SM3 摘要一致', en: 'The SM3 digest matches' },
  'file.path': { zh: '文件条目属于本存证', en: 'The file entry leads to the deposit record' },
  'file.received': {
    zh: '原件在存证摘要之后收讫，平台计算的摘要与存证一致',
    en: 'The content came after its digests, and the service found it to be what they say',
  },
  'log.origin': { zh: '存证日志为可信日志', en: 'The log is one that you trust' },
  'log.signature': { zh: '日志检查点签名有效', en: 'The log signed this checkpoint' },
  'log.inclusion': { zh: '存证记录包含于日志', en: 'The deposit record is in the log' },
  'log.cosignatures': { zh: '外部见证签名', en: 'Outside witnesses cosigned' },
  'evm.receipt': { zh: '日志根已写入该区块', en: "The log's root was anchored in this block" },
  'evm.canonical': { zh: '该区块属于公认的链', en: 'The block is part of the chain' },
  'evm.contract': { zh: '锚定合约为可信合约', en: 'The anchoring contract is one that you trust' },
  'evm.finality': { zh: '该区块已最终确认', en: 'The block is final' },
  'evm.notBefore': { zh: '记录中引用的在先区块', en: 'The earlier block that the record names' },
  rfc3161: { zh: '可信时间戳', en: 'Trusted timestamp (RFC 3161)' },
  opentimestamps: { zh: 'OpenTimestamps 证明', en: 'OpenTimestamps proof' },
  'time.bracket': { zh: '时间先后顺序成立(T₀ ≤ T₁ ≤ T₂)', en: 'The times are in order (T₀ ≤ T₁ ≤ T₂)' },
  'time.independent': { zh: '独立时间证明的数量', en: 'Independent proofs of time' },
  'custody.chain': {
    zh: '保管记录：截至日志所载的计数，已记录的事件无一缺失',
    en: 'Custody: no recorded event is missing, up to the count in the log',
  },
  'custody.handOver': {
    zh: '移交人的陈述与接收人的确认彼此一致',
    en: 'Giver and receiver say the same thing',
  },
  'custody.events': {
    zh: '移交与确认已记入该存证的保管记录，并由日志固定',
    en: 'The acts of the hand-over stand in the custody record of the deposit, and the log holds them',
  },
  status: { zh: '平台声明的证书状态', en: 'How the operator says the certificate stands' },
  'pdf.signature': { zh: 'PDF 签名覆盖整个文件', en: 'One signature covers the whole PDF' },
  'pdf.matches': { zh: 'PDF 与内嵌证书同一签章人', en: 'The PDF is signed by the key that sealed its data' },
  'package.manifest': { zh: '材料包清单与内容一致', en: 'The package holds what its manifest lists' },
  'package.extra': { zh: '材料包没有清单以外的文件', en: 'The package holds nothing that its manifest does not list' },
  'file.digest': { zh: '文件是该证明所指的文件', en: 'The file is the one that the proof speaks of' },
  'log.entry': { zh: '条目包含于日志', en: 'The entry is in the log' },
  'pdf.coverage': { zh: '签名覆盖其版本的全部内容', en: 'The signature covers the whole of its revision' },
  'pdf.integrity': { zh: '签名有效，所覆盖的内容未变', en: 'The signature is valid and what it covers is unchanged' },
  'pdf.signer': { zh: '签名人为可信签名人', en: 'The signer is one that you trust' },
  'pdf.changes': { zh: '最后一个签名之后没有改动', en: 'Nothing was changed after the last signature' },
  'bag.declaration': { zh: 'BagIt 声明', en: 'BagIt declaration' },
  'bag.manifest': { zh: '文件与清单一致', en: 'The files are those that the manifest lists' },
  'bag.extra': { zh: '没有清单以外的内容', en: 'There is no payload that a manifest does not list' },
  'bag.tags': { zh: '说明文件与内容相符', en: 'The tag files fit the payload' },
  'bag.fetch': { zh: '没有须另行取得的文件', en: 'No file is left to be fetched from elsewhere' },
  'bag.seal': { zh: '有人对该包签名', en: 'Somebody signed the bag' },
  'ers.object': { zh: '文件包含于证据记录', en: 'The file stands in the evidence record' },
  'ers.tree': { zh: '哈希树通向时间戳所盖的哈希', en: 'The hash tree leads to what the timestamp stamps' },
  'ers.renewal': { zh: '续期时前一时间戳仍然有效', en: 'The timestamp before still stood when it was renewed' },
  'before.receipt-to-proof': { zh: '从接收(T₁)到最早证明(T₂)', en: 'From receipt (T₁) to the earliest proof (T₂)' },
  'before.content': {
    zh: '递交时仅提交了摘要，平台当时未见文件',
    en: 'Only digests were handed in; the service had not seen the file when it recorded them',
  },
  'before.identity': { zh: '存证人身份', en: 'Identity of the depositor' },
  'before.source': { zh: '数据来源', en: 'Source of the data' },
  'before.method': { zh: '取证方式', en: 'Method of capture' },
  'before.tool': { zh: '取证工具', en: 'Tool of capture' },
  'before.interval': { zh: '取证起止时间', en: 'Capture interval' },
  'before.cleanliness': { zh: '清洁性检查', en: 'Cleanliness check' },
};

const STATUS: Record<Check['status'], Bilingual> = {
  passed: { zh: '通过', en: 'passed' },
  failed: { zh: '不通过', en: 'failed' },
  pending: { zh: '待完成', en: 'pending' },
  'not-checked': { zh: '未核验', en: 'not checked' },
};

const CAUSES: Record<NotCheckedCause, Bilingual> = {
  absent: { zh: '未提供', en: 'not provided' },
  offline: {
    zh: '没有可信来源确认该区块；可用自己的节点或区块浏览器确认后重试',
    en: 'no source that you trust confirms this block; confirm it with your own node or a block explorer and check again',
  },
  'untrusted-key': {
    zh: '信任策略未列明此签名人或合约',
    en: 'your trust policy does not name this signer or contract',
  },
  'no-policy': { zh: '未提供信任策略，无法判断可信谁', en: 'no trust policy was given, so nobody is trusted' },
  'not-required': { zh: '信任策略不要求', en: 'your trust policy does not ask for it' },
  closed: { zh: '未向本读者公开', en: 'not opened for this reader' },
  unsupported: { zh: '本核验工具不支持', en: 'this verifier cannot read it' },
  'depends-on-failed': { zh: '所依赖的核验未通过', en: 'it rests on a check that failed' },
  'operator-word-only': { zh: '仅有陈述，没有外部证明', en: 'stated only; no outside proof' },
  stale: {
    zh: '状态答复已超过24小时，或无从判断其新旧；请重新查询',
    en: 'the answer is older than 24 hours, or nothing tells how old it is; ask the service again',
  },
  'past-use': {
    zh: '当时该签名算法已过公认的使用期限，是否仍可信须由您判断',
    en: 'its signature algorithm was past its recommended use by then; whether it still held is for you to judge',
  },
  unconfirmed: {
    zh: '本回执中只有移交人的陈述：移交尚待接收人确认',
    en: 'only the giver has spoken in this receipt: the hand-over is open',
  },
  expired: {
    zh: '本回执中只有移交人的陈述，确认期限已过：除非此前已另行确认，移交已失效',
    en: 'only the giver has spoken in this receipt, and the time to confirm is over: unless it was confirmed before, the hand-over has lapsed',
  },
  cancelled: {
    zh: '只有移交人的陈述，且移交人已将移交撤回',
    en: 'only the giver has spoken, and he took the hand-over back',
  },
  'declared-only': { zh: '仅有申报的摘要', en: 'declared digests only' },
  'nodes-disagree': {
    zh: '您所选的节点说法不一；须先查明哪一个有误，再行核验',
    en: 'the nodes that you chose contradict each other; find out which one is wrong and check again',
  },
};

const REASONS: Record<string, Bilingual> = {
  'digest-mismatch': { zh: '摘要不同：文件与存证不一致', en: 'the digests differ: this is not the deposited file' },
  'size-mismatch': { zh: '文件大小不同', en: 'the sizes differ' },
  'matches-no-file-of-this-deposit': { zh: '不属于本存证的任何文件', en: 'it is none of the files of this deposit' },
  'commitment-mismatch': {
    zh: '内容与记录中的承诺值不符',
    en: 'the content does not fit the commitment in the record',
  },
  'received-content-differs': {
    zh: '收讫记录中的摘要与存证的摘要不符',
    en: 'the digests of what was received are not the deposited ones',
  },
  'name-commitment-mismatch': { zh: '文件名与承诺值不符', en: 'the file name does not fit its commitment' },
  'part-of-another-deposit': { zh: '有部分属于另一份存证', en: 'a part belongs to another deposit' },
  'file-index-out-of-range': { zh: '文件序号超出范围', en: 'a file number is out of range' },
  'file-listed-twice': { zh: '同一文件列出两次', en: 'a file is listed twice' },
  'not-in-first-list': {
    zh: '证据记录的首个列表中没有该文件',
    en: 'it is not in the first list of the evidence record',
  },
  'not-renewed-with-older-chains': {
    zh: '换用新摘要算法时未将该文件与此前的时间戳一并续期',
    en: 'when the digest algorithm was changed, it was not renewed together with the timestamps before',
  },
  'algorithm-changes-within-chain': {
    zh: '同一时间戳链内更换了摘要算法',
    en: 'the digest algorithm changes within a chain',
  },
  'older-timestamp-not-covered': {
    zh: '续期时间戳未覆盖前一时间戳',
    en: 'the renewing timestamp does not cover the one before',
  },
  'renewed-before-it-was-made': {
    zh: '续期时间早于被续期的时间戳',
    en: 'the renewal is older than what it renews',
  },
  'renewed-after-expiry': {
    zh: '续期时，前一时间戳的证书已经到期',
    en: 'a certificate of the timestamp before had expired when it was renewed',
  },
  'root-mismatch': { zh: '哈希路径不通向记录的根', en: 'the hashes lead to another root' },
  'proof-too-long': { zh: '哈希路径过长', en: 'the proof has too many hashes' },
  'proof-too-short': { zh: '哈希路径过短', en: 'the proof has too few hashes' },
  'index-out-of-range': { zh: '序号超出树的范围', en: 'the number is outside the tree' },
  withdrawn: {
    zh: '平台称已撤回此证书；撤回不改变上述任何可自行核对的事实',
    en: 'the operator says that he withdrew this certificate; that changes none of the facts that anyone can check',
  },
  superseded: {
    zh: '平台称已由另一份证书取代；取代不改变上述任何可自行核对的事实',
    en: 'the operator says that another certificate took its place; that changes none of the facts that anyone can check',
  },
  'signature-not-committed-to': {
    zh: '存证记录并未承诺任何签名',
    en: 'the deposit record commits to no signature',
  },
  'authenticator-data-malformed': { zh: '认证器数据格式有误', en: 'the authenticator data is malformed' },
  'not-an-assertion': { zh: '不是通行密钥的签名断言', en: 'it is no assertion of a passkey' },
  'signed-something-else': {
    zh: '签名针对的不是这些文件与陈述',
    en: 'something else was signed than these files and this statement',
  },
  'nobody-was-present': {
    zh: '认证器未确认有人在场',
    en: 'the authenticator does not say that anybody was present',
  },
  'about-another-deposit': { zh: '保管记录属于另一份存证', en: 'the custody record is about another deposit' },
  'event-missing-or-moved': { zh: '有事件缺失或被调换顺序', en: 'an event is missing or stands in another place' },
  'event-altered': {
    zh: '有事件被更改，或其前一事件被抽换',
    en: 'an event was altered, or the one before it was replaced',
  },
  'time-runs-back': { zh: '事件时间早于前一事件', en: 'an event is older than the one before it' },
  'actor-altered': { zh: '事件的行为人被更改', en: 'who acted was altered' },
  'hand-over-not-recorded': {
    zh: '移交内容与所记录的事件不符',
    en: 'a hand-over is not the one that the events record',
  },
  'confirmation-not-recorded': {
    zh: '接收确认与所记录的事件不符',
    en: 'a confirmation is not the one that the events record',
  },
  'giver-is-receiver': {
    zh: '移交人与接收人是同一账户',
    en: 'giver and receiver are the same account',
  },
  'made-before-its-acts': {
    zh: '回执的出具时间早于其所载的行为',
    en: 'the receipt says that it was made before what it tells of',
  },
  'event-without-confirmation': {
    zh: '载有确认事件，却没有接收确认',
    en: 'it names the event of a confirmation and holds none',
  },
  'confirmation-without-event': {
    zh: '载有接收确认，却没有相应的事件',
    en: 'it holds a confirmation and names no event of it',
  },
  'confirms-another-hand-over': { zh: '确认的是另一次移交', en: 'the confirmation is of another hand-over' },
  'confirms-another-statement': {
    zh: '确认的是另一份移交陈述：移交内容在确认之后被更改，或确认被换用',
    en: 'the confirmation is of another statement: what was handed over was altered since, or the confirmation is of something else',
  },
  'confirmer-does-not-fit': {
    zh: '确认方式与确认人不符：账户确认须有账户，链接确认不得有账户',
    en: 'how it was confirmed does not fit by whom: an account has an id, a link has none',
  },
  'confirmed-by-another-account': {
    zh: '确认人不是移交所指定的接收人',
    en: 'it was not confirmed by the receiver whom the statement names',
  },
  'confirmed-before-handed-over': { zh: '确认早于移交', en: 'it was confirmed before it was handed over' },
  'confirmed-after-expiry': { zh: '确认时已过期限', en: 'it was confirmed when the time to confirm was over' },
  'confirmed-and-cancelled': {
    zh: '既有确认，又有撤回',
    en: 'it was both confirmed and taken back',
  },
  'events-cut-off': {
    zh: '末尾的事件被截去：少于日志所载的计数',
    en: 'events are cut off at the end: there are fewer than the log counts',
  },
  'leaf-differs': {
    zh: '事件与日志所载不符：有事件被更改或替换',
    en: 'the events are not those that the log commits to: some were altered or replaced',
  },
  'leaves-out-of-order': { zh: '日志条目先后颠倒', en: 'the leaves of the log are out of order' },
  'about-another-certificate': { zh: '状态答复针对的是另一份证书', en: 'the answer is about another certificate' },
  'signed-by-retired-key': {
    zh: '由已停用的日志密钥签名',
    en: 'signed by a key of the log that had been replaced before',
  },
  'signed-before-its-rotation': {
    zh: '签名密钥当时尚未启用',
    en: 'signed by a key that the log had not gone over to yet',
  },
  'signature-invalid': { zh: '签名无效', en: 'the signature is not valid' },
  'cosignature-invalid': {
    zh: '可信见证人名下的签名无效',
    en: 'a line under the name of a witness that you trust does not verify',
  },
  'origin-mismatch': { zh: '日志名称不符', en: 'the log names differ' },
  'header-hash-mismatch': { zh: '区块头与区块哈希不符', en: 'the header does not hash to the block hash' },
  'contract-code-absent': { zh: '该地址没有合约代码', en: 'there is no contract at this address' },
  'contract-code-differs': {
    zh: '该地址的合约代码与公开发布的构建不同',
    en: 'the code at this address is not that of the published contract',
  },
  'contract-of-another-log': { zh: '该合约属于另一日志', en: 'the contract was made for another log' },
  'proof-malformed': { zh: '证明文件格式有误', en: 'the proof is malformed' },
  'proof-of-another-digest': { zh: '该证明针对另一个摘要', en: 'the proof is about another digest' },
  'merkle-root-mismatch': {
    zh: '证明通向的默克尔根与该比特币区块不符',
    en: 'the proof leads to another Merkle root than that Bitcoin block has',
  },
  'another-block-at-this-height': { zh: '该高度上是另一个区块', en: 'another block stands at this height' },
  'received-after-its-own-proof': { zh: '接收时间晚于其证明', en: 'it was received after its own proof' },
  'received-before-the-block-it-names': {
    zh: '接收时间早于记录引用的区块',
    en: 'it was received before the block that it names',
  },
  'signature-does-not-cover-the-file': { zh: '签名未覆盖整个文件', en: 'the signature does not cover the whole file' },
  'more-than-one-signature': { zh: '有多个签名', en: 'there is more than one signature' },
  'not-signed': { zh: '未签名', en: 'it is not signed' },
  'signature-ends-inside-a-revision': {
    zh: '签名只覆盖到某一版本的中间',
    en: 'what the signature covers ends inside a revision of the file',
  },
  'byte-range-malformed': { zh: '签名范围无法读取', en: 'what the signature covers cannot be read' },
  'byte-range-leaves-out-something-else': {
    zh: '签名范围略去了签名以外的内容',
    en: 'the signature leaves out something besides itself',
  },
  'changed-after-signing': { zh: '最后一个签名之后又有改动', en: 'something was changed after the last signature' },
  'not-the-file-of-this-proof': {
    zh: '摘要不同：不是该证明所指的文件',
    en: 'the digests differ: it is not the file that this proof speaks of',
  },
  'not-granted': { zh: '时间戳机构未予签发', en: 'the authority did not grant a timestamp' },
  'cms-malformed': { zh: '签名数据无法读取', en: 'the signature cannot be read' },
  'not-exactly-one-signer': { zh: '签名人不是一个', en: 'there is not exactly one signer' },
  'signature-is-not-detached': { zh: '签名数据自带内容', en: 'the signature carries content of its own' },
  'content-type-attribute': { zh: '签名的内容类型不符', en: 'the signature is over another kind of content' },
  'signer-certificate-absent': { zh: '未附签名人证书', en: "the signer's X.509 certificate is not there" },
  'signing-certificate-attribute': {
    zh: '签名所指的证书不是签名人的证书',
    en: 'the signature names another X.509 certificate than the signer’s',
  },
  'declaration-malformed': { zh: '没有可读的 bagit.txt', en: 'bagit.txt cannot be read' },
  'no-manifest': { zh: '没有内容清单', en: 'there is no payload manifest' },
  'manifest-unreadable': { zh: '清单过大或无法读取', en: 'the manifest is too large or cannot be read' },
  'manifest-malformed': { zh: '清单格式有误', en: 'a line of the manifest is malformed' },
  'path-leads-out-of-the-bag': { zh: '有路径指向包外', en: 'a path leads out of the bag' },
  'path-listed-twice': { zh: '同一路径列出两个摘要', en: 'a path is listed with two digests' },
  'path-outside-the-payload': {
    zh: '内容清单列出了 data/ 以外的文件',
    en: 'a payload manifest lists a file outside data/',
  },
  'path-twice-in-the-zip': { zh: 'ZIP 中有两个同名文件', en: 'two files of the ZIP have one path' },
  'file-changed': { zh: '有文件与清单不符', en: 'a file is not the one that the manifest lists' },
  'listed-file-missing': { zh: '清单所列文件缺失', en: 'a file that the manifest lists is missing' },
  'file-not-in-the-manifest': { zh: '有清单以外的文件', en: 'there is a file that no manifest lists' },
  'file-outside-the-bag': { zh: 'ZIP 中有包以外的文件', en: 'the ZIP holds files outside the bag' },
  'fetch-malformed': { zh: 'fetch.txt 格式有误', en: 'fetch.txt is malformed' },
  'payload-oxum-mismatch': {
    zh: '文件数量或总大小与说明不符',
    en: 'number or total size of the files differ from bag-info.txt',
  },
  'content-digest-mismatch': { zh: '签名后内容被更改', en: 'the content was changed after signing' },
  'signed-by-another-key-than-the-seal': {
    zh: 'PDF 签名人与证书签章人不同',
    en: 'signed by another key than the one that sealed the data',
  },
  'certificate-expired': {
    zh: '签名人或其签发机构的证书当时已过期',
    en: 'the X.509 certificate of the signer, or of an issuer, had expired at that time',
  },
  'certificate-not-yet-valid': {
    zh: '签名人或其签发机构的证书当时尚未生效',
    en: 'the X.509 certificate of the signer, or of an issuer, was not valid yet at that time',
  },
  malformed: { zh: '签章数据格式错误', en: 'the seal is malformed' },
  'not-canonical': { zh: '不是唯一的规范写法', en: 'it is not in its one canonical spelling' },
  'not-json': { zh: '不是 JSON', en: 'it is not JSON' },
  'too-large': { zh: '超过允许的大小', en: 'it is larger than what is read' },
  'too-deep': { zh: '嵌套过深', en: 'it nests too deep' },
  'invalid-field': { zh: '有字段不合规格', en: 'a field does not fit the format' },
  'invalid-number': { zh: '数字写法不合规格', en: 'a number is not one that the format allows' },
  'invalid-hex': { zh: '十六进制写法错误', en: 'it is not valid hexadecimal' },
  'invalid-base64': { zh: 'Base64 写法错误', en: 'it is not valid base64' },
  'invalid-utf8': { zh: '文字编码错误', en: 'its text is not valid UTF-8' },
  'invalid-note': { zh: '签名文本格式错误', en: 'the signed note is malformed' },
  'invalid-key': { zh: '公钥写法错误', en: 'the key is malformed' },
  'invalid-checkpoint': { zh: '检查点格式错误', en: 'the checkpoint is malformed' },
  'invalid-tile-path': { zh: '日志分片路径错误', en: 'the path of the tile is malformed' },
  'invalid-rlp': { zh: 'RLP 编码错误', en: 'its RLP encoding is malformed' },
  'invalid-header': { zh: '区块头格式错误', en: 'the block header is malformed' },
  'invalid-der': { zh: 'DER 编码错误', en: 'its DER encoding is malformed' },
  'invalid-seal': { zh: '签章头格式错误', en: 'the header of the seal is malformed' },
  'not-a-certificate': { zh: '不是 X.509 证书', en: 'it is no X.509 certificate' },
  'invalid-tlog-proof': { zh: '日志证明格式错误', en: 'the log proof is malformed' },
  'invalid-manifest': { zh: '清单格式错误或缺失', en: 'the manifest is malformed or missing' },
  'invalid-opentimestamps': { zh: 'OpenTimestamps 证明格式错误', en: 'the OpenTimestamps proof is malformed' },
  'unknown-operation': { zh: '含有未知的运算', en: 'it holds an unknown operation' },
  'unsupported-digest': { zh: '摘要算法不受支持', en: 'its digest algorithm is not supported' },
  'trailing-bytes': { zh: '末尾有多余数据', en: 'there is something behind its end' },
  'unknown-type': { zh: '类型不明', en: 'its type is unknown' },
  'size-out-of-range': { zh: '树的大小超出范围', en: 'the size of the tree is out of range' },
  'hash-not-32-bytes': { zh: '哈希值不是 32 字节', en: 'a hash is not 32 bytes long' },
  'header-malformed': { zh: '区块头格式错误', en: 'the block header is malformed' },
  'header-without-block': {
    zh: '附有区块头，但记录没有引用区块',
    en: 'a header is there, but the record names no block',
  },
  'block-time-out-of-range': { zh: '区块时间超出范围', en: 'the time of the block is out of range' },
  'transaction-index-out-of-range': { zh: '交易序号超出范围', en: 'the number of the transaction is out of range' },
  'receipt-proof-too-long': { zh: '交易回执证明过长', en: 'the proof of the transaction receipt has too many nodes' },
  'receipt-proof-too-short': { zh: '交易回执证明过短', en: 'the proof of the transaction receipt has too few nodes' },
  'receipt-proof-malformed': { zh: '交易回执证明格式错误', en: 'the proof of the transaction receipt is malformed' },
  'receipt-proof-hash-mismatch': {
    zh: '交易回执证明不通向该区块',
    en: 'the proof of the transaction receipt does not lead to the block',
  },
  'receipt-absent': { zh: '该区块没有这笔交易的回执', en: 'the block has no receipt of this transaction' },
  'receipt-malformed': { zh: '交易回执格式错误', en: 'the transaction receipt is malformed' },
  'transaction-failed': { zh: '该交易执行失败', en: 'the transaction failed' },
  'log-absent': { zh: '交易回执中没有该事件', en: 'the receipt holds no such event' },
  'log-of-other-contract': { zh: '事件出自另一合约', en: 'the event was emitted by another contract' },
  'log-of-other-event': { zh: '不是锚定事件', en: 'it is another event than an anchor' },
  'root-hash-mismatch': { zh: '锚定的是另一个日志根', en: 'another root was anchored' },
  'tree-size-mismatch': { zh: '锚定的是另一个树大小', en: 'another tree size was anchored' },
  'not-a-bag': { zh: '不是 BagIt 材料包', en: 'it is no BagIt package' },
  'tag-file-not-listed': { zh: '标签清单漏列文件', en: "a file of the package's own is not listed" },
  'sealed-for-another-certificate': {
    zh: '材料包的签章属于另一份证书',
    en: 'the package was sealed for another certificate',
  },
  'manifest-changed-after-sealing': { zh: '清单在签章后被更改', en: 'a manifest was changed after it was sealed' },
  'sealed-by-another-key': {
    zh: '材料包与证书的签章人不同',
    en: 'the package is sealed by another key than the certificate',
  },
  'manifests-differ': { zh: '两份清单不一致', en: 'the manifests do not list the same files' },
  'no-pdf-in-the-package': { zh: '材料包中没有 PDF', en: 'there is no PDF in the package' },
  'carries-another-certificate': { zh: 'PDF 内嵌的是另一份证书', en: 'the PDF carries another certificate' },
  'no-valid-signature': { zh: '没有有效的签名', en: 'there is no valid signature' },
  'certificate-malformed': { zh: 'X.509 证书格式错误', en: 'an X.509 certificate is malformed' },
  'certificate-signature-invalid': {
    zh: 'X.509 证书的签发签名无效',
    en: 'an X.509 certificate was not signed by its issuer',
  },
  'issuer-mismatch': { zh: 'X.509 证书的签发者不符', en: 'an X.509 certificate names another issuer' },
  'issuer-is-not-a-ca': { zh: '签发者不是证书机构', en: 'the issuer is no certificate authority' },
  'path-too-long': { zh: '证书链过长', en: 'the chain of certificates is longer than its issuer allows' },
  'unknown-critical-extension': {
    zh: '含有必须理解而本工具不识的扩展',
    en: 'it holds a critical extension that this verifier does not know',
  },
  'key-does-not-fit-algorithm': { zh: '密钥与签名算法不符', en: 'the key does not fit the algorithm' },
  'weak-digest': { zh: '使用了不安全的摘要算法', en: 'it uses a digest algorithm that is no longer safe' },
  'weak-key': { zh: '密钥长度不足', en: 'the key is too short to be safe' },
  'unsupported-algorithm': { zh: '签名算法不受支持', en: 'the signature algorithm is not supported' },
  'signer-revoked': {
    zh: '签名人证书已被吊销，此签名不再可信',
    en: "the signer's certificate was revoked in a way that voids this signature",
  },
  'issuer-revoked': {
    zh: '签发机构的证书已被吊销，此签名不再可信',
    en: 'the certificate of an issuer was revoked in a way that voids this signature',
  },
  'timestamp-invalid': { zh: '签名所附的时间戳无效', en: 'the timestamp on the signature is not valid' },
  'not-signed-data': { zh: '不是 CMS 签名数据', en: 'it is no CMS signed data' },
  'token-malformed': { zh: '时间戳格式错误', en: 'the timestamp token is malformed' },
  'token-too-large': { zh: '时间戳过大', en: 'the timestamp token is too large' },
  'not-a-timestamp-token': { zh: '不是时间戳', en: 'it is no timestamp token' },
  'imprint-mismatch': { zh: '时间戳所证明的是另一份数据', en: 'the token stamps something else' },
  'tst-info-version': { zh: '时间戳版本不明', en: 'the version of the token is unknown' },
  'tst-info-malformed': { zh: '时间戳内容格式错误', en: 'the content of the token is malformed' },
  'signed-attributes-absent': { zh: '缺少签名属性', en: 'the signed attributes are missing' },
  'extended-key-usage-absent': {
    zh: '签名证书未注明用于时间戳',
    en: "the signer's certificate is not marked for time-stamping",
  },
  'extended-key-usage-not-sole': {
    zh: '签名证书并非专用于时间戳',
    en: "the signer's certificate is not for time-stamping alone",
  },
  'extended-key-usage-not-critical': {
    zh: '签名证书的时间戳用途未标为关键',
    en: "time-stamping is not marked critical in the signer's certificate",
  },
  'key-usage': {
    zh: '签名证书的密钥用途不允许签名',
    en: "the key usage of the signer's certificate does not allow signing",
  },
  'signer-is-a-ca': { zh: '签名证书是证书机构证书', en: "the token is signed by a certificate authority's own key" },
};

const CONCLUSIONS: Record<Report['conclusion'], Bilingual> = {
  'required-passed': {
    zh: '信任策略要求的各项均通过：与该存证一致',
    en: 'All that the policy requires has passed: consistent with this deposit',
  },
  failed: { zh: '有核验项不通过', en: 'At least one check failed' },
  incomplete: {
    zh: '没有核验项不通过，但有必需项未完成或无法核验',
    en: 'No check failed, but something required is pending or could not be checked',
  },
  'no-policy': {
    zh: '自身前后一致，但没有外部依据：未提供信任策略',
    en: 'Consistent in itself; nobody outside vouches for it: no trust policy was given',
  },
};

export const EVALUATION_NOTICE: Bilingual = {
  zh: '评估用途：密钥、链和时间均由本机自制，不具独立性，不得作为证据使用',
  en: 'EVALUATION: keys, chain and time are home-made on one machine and independent of nobody; not for use as evidence',
};

export const PANELS: { since: Bilingual; before: Bilingual } = {
  since: { zh: '上链后：自最早有证明的时间(T₂)起', en: 'Since T₂, the earliest time proved' },
  before: { zh: '上链前：T₂ 之前的一切', en: 'Everything before T₂' },
};

export function wordingOfCheck(name: string): Bilingual {
  return CHECKS[name] ?? { zh: name, en: name };
}

export function wordingOfStatus(status: Check['status']): Bilingual {
  return STATUS[status];
}

export function wordingOfConclusion(conclusion: Report['conclusion']): Bilingual {
  return CONCLUSIONS[conclusion];
}

/** As whom a giver names the receiver of a hand-over. */
export const RECEIVER_WORDS: Record<(typeof RECEIVER_KINDS)[number], Bilingual> = {
  notary: { zh: '公证机构', en: 'Notary' },
  court: { zh: '法院', en: 'Court' },
  expert: { zh: '鉴定机构或专家', en: 'Expert' },
  mediator: { zh: '调解组织', en: 'Mediator' },
  arbitrator: { zh: '仲裁机构', en: 'Arbitrator' },
  enforcement: { zh: '行政执法机关', en: 'Enforcement authority' },
  customs: { zh: '海关', en: 'Customs' },
  other: { zh: '其他', en: 'Other' },
};

/** Statements of a hand-over, by who says them and the field. */
const STATEMENTS: Record<string, Bilingual> = {
  'operator giver': { zh: '移交人（账户名称，平台陈述）', en: 'Giver (name of the account, as the operator says)' },
  'operator handedOverAt': { zh: '移交时间（平台时钟）', en: 'Handed over (operator’s clock)' },
  'operator expiresAt': { zh: '确认期限', en: 'To be confirmed before' },
  'operator confirmedAt': { zh: '确认时间（平台时钟）', en: 'Confirmed (operator’s clock)' },
  'operator confirmedBy': { zh: '确认方式', en: 'How it was confirmed' },
  'operator madeAt': { zh: '回执出具时间（平台时钟）', en: 'Receipt made (operator’s clock)' },
  'operator depositId': { zh: '存证标识', en: 'Deposit' },
  'operator handOverId': { zh: '移交标识', en: 'Hand-over' },
  'giver receiver.kind': { zh: '接收人类型（移交人陈述）', en: 'Receiver is (giver’s words)' },
  'giver receiver.name': { zh: '接收人（移交人陈述）', en: 'Receiver (giver’s words)' },
  'giver note': { zh: '移交附言（移交人陈述）', en: 'Note of the giver' },
  'receiver name': { zh: '确认人自填或账户的名称', en: 'Name of whoever confirmed' },
  'receiver note': { zh: '确认附言（接收人陈述）', en: 'Note of the receiver' },
  'giver item.original': { zh: '移交的原件（文件序号、SHA-256）', en: 'Original handed over (file, SHA-256)' },
  'giver item.certificate': { zh: '移交的证书（摘要、编号）', en: 'Certificate handed over (digest, number)' },
  'giver item.other': {
    zh: '移交的其他物品（SHA-256、移交人描述）',
    en: 'Something else handed over (SHA-256, giver’s words)',
  },
};

const STATED: Record<string, Bilingual> = {
  'confirmedBy account': { zh: '由接收人账户确认', en: 'by the account of the receiver' },
  'confirmedBy link': {
    zh: '由持有一次性链接的人确认，姓名由其自填，无人核实',
    en: 'by whoever held the one-time link, under the name he gave; nobody checked it',
  },
};

/** What a statement of an inspection is about; undefined for those that are shown as they are. */
export function wordingOfStatement({ by, field }: Stated): Bilingual | undefined {
  return STATEMENTS[`${by} ${field}`];
}

/** The value in words if it is a code of ours. */
export function wordingOfStated({ by, field, value }: Stated): Bilingual | undefined {
  if (by === 'giver' && field === 'receiver.kind') return (RECEIVER_WORDS as Record<string, Bilingual>)[value];
  return by === 'operator' ? STATED[`${field} ${value}`] : undefined;
}

type Stated = Inspection['statements'][number];

/** Why a check did not pass; undefined if it did. A reason without words of its own shows its code. */
export function wordingOfCause(check: Check): Bilingual | undefined {
  switch (check.status) {
    case 'passed':
      return undefined;
    case 'failed':
      return REASONS[check.reason] ?? { zh: check.reason, en: check.reason };
    case 'pending':
      return { zh: `等待：${check.until}`, en: `until ${check.until}` };
    case 'not-checked':
      return CAUSES[check.because];
  }
}

/** Which link ends first; undefined if no end of any is known. Its name is other people's text: escape it before showing. */
export function wordingOfWeakestLink({ weakestLink }: Report): Bilingual | undefined {
  if (weakestLink === null) return undefined;
  const { link, until } = weakestLink;
  return {
    zh: `所依据的各环中最先到期的是 ${link}（至 ${until}）：此前应予续期`,
    en: `Of what this rests on, ${link} ends first, on ${until}: it should be renewed before`,
  };
}
