/** What a stranger who opens the package reads first. No script, no link that opens by itself. */
export function renderGuide(terms: { certificateNo: string; evaluation: boolean; verifierSha256: string }): string {
  const notice = terms.evaluation
    ? '<p class="notice">评估用途，不得作为证据使用。EVALUATION: not for use as evidence.</p>'
    : '';
  const digest = (terms.verifierSha256.match(/.{8}/g) ?? []).join(' ');
  return `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>核验指南 How to check ${terms.certificateNo}</title>
<style>
body{font:16px/1.7 system-ui,"Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}code{font-family:ui-monospace,monospace;word-break:break-all}
.notice{border:2px solid #8a4b00;background:#fff3d6;padding:.6rem 1rem;font-weight:600}
</style>
</head>
<body>
<h1>核验指南 · How to check ${terms.certificateNo}</h1>
${notice}
<section lang="zh-CN">
<h2>核验步骤</h2>
<ol>
<li><strong>核验工具请从别处取得</strong>（例如公证机构、律师协会或平台公开网站），不要直接相信本材料包内的 <code>verify.html</code>。
两者的 SHA-256 应当相同，本包内的为：<br><code>${digest}</code></li>
<li>断开网络，用浏览器打开该工具，拖入本 ZIP 文件。文件只在本机读取，不会上传。</li>
<li>拖入<strong>您自己的信任策略</strong>文件。它写明您相信哪些日志、签章和区块；材料包不能替您决定相信谁。没有策略时，只能核验自身是否前后一致。</li>
<li>在您选择的节点或区块浏览器上核对报告中列出的区块哈希（一到两个），确认后填入工具再核验一次。</li>
<li>阅读报告的两栏：最早独立证明（T₂）之后能证明什么，之前仅有谁的陈述。</li>
</ol>
<h2>包内文件</h2>
<ul>
<li><code>data/certificate.pdf</code>：供阅读的证书；<code>data/certificate.json</code>：同一证书的数据。</li>
<li><code>data/originals/</code>：原始文件，逐字节与提交时相同。文件名经过处理以便保存，真实名称见证书。<strong>请勿直接运行其中的程序。</strong></li>
<li><code>data/proofs/checkpoint.txt</code>：日志签署的检查点；<code>checkpoint.tlog-proof</code>：存证记录在该检查点之内的证明，以及见证人的签名（C2SP tlog-proof，如有见证）。</li>
<li><code>data/proofs/checkpoint.1.tst</code>……：时间戳机构对该检查点签发的可信时间戳（如有）。用您自己取得的机构根证书核验：<br>
<code>openssl ts -verify -token_in -in checkpoint.1.tst -data checkpoint.txt -CAfile root.pem</code></li>
<li><code>data/proofs/authority-*</code>：时间戳机构的证书（<code>.der</code>）与吊销信息（<code>.crl</code>、<code>.ocsp</code>）。</li>
<li><code>data/proofs/file-1.ots</code>……：各文件的 OpenTimestamps 证明（如有），可用任何 OpenTimestamps 客户端核验；尚待比特币区块的，由客户端补全：<br>
<code>ots upgrade file-1.ots; ots verify -f 原件 file-1.ots</code></li>
<li><code>data/proofs/file-1.ers</code>……：各文件的 RFC 4998 证据记录（如有），含历次续期的时间戳；<code>files.ers</code> 针对全部文件。任何 RFC 4998 工具均可核验，也可将其与原件一同拖入核验网页。</li>
<li><code>manifest-*.txt</code>、<code>manifest-seal.json</code>：清单及其签章（BagIt，RFC 8493）。</li>
</ul>
<h2>不说明什么</h2>
<p>不说明内容是否属实，文件由谁、何时制作，权利归谁；不判断任何人的行为是否合法，也不预示法院、公证机构或行政机关将如何认定。</p>
</section>
<section lang="en">
<h2>Steps</h2>
<ol>
<li><strong>Get the verifier elsewhere</strong> (a notary's office, a bar association, the service's public site) instead of trusting the
<code>verify.html</code> in this package. Both must have the same SHA-256; the one in here has<br><code>${digest}</code></li>
<li>Cut the network, open the verifier in a browser and drop this ZIP file on it. Files are read on your computer only; nothing is uploaded.</li>
<li>Drop <strong>your own trust policy</strong>. It names the logs, seals and blocks that you trust; a package cannot decide that for you.
Without one, only consistency in itself is checked.</li>
<li>Look up the one or two block hashes of the report at a node or block explorer of your choice; enter them and check again.</li>
<li>Read both panels of the report: what is proved since the earliest proof (T₂), and whose word alone stands before it.</li>
</ol>
<h2>What is in here</h2>
<ul>
<li><code>data/certificate.pdf</code>: the certificate for reading; <code>data/certificate.json</code>: the same as data.</li>
<li><code>data/originals/</code>: the originals, byte for byte. File names were made safe; the true ones are in the certificate.
<strong>Do not run programs among them.</strong></li>
<li><code>data/proofs/checkpoint.txt</code>: the checkpoint that the log signed; <code>checkpoint.tlog-proof</code>: that the deposit
record is in it, with the signatures of witnesses if there are any (C2SP tlog-proof).</li>
<li><code>data/proofs/checkpoint.1.tst</code> …: timestamps of it by authorities, if there are any. To check one with a root certificate
that you got from the authority itself:<br>
<code>openssl ts -verify -token_in -in checkpoint.1.tst -data checkpoint.txt -CAfile root.pem</code></li>
<li><code>data/proofs/authority-*</code>: certificates of the authorities (<code>.der</code>) and what they said of revocation
(<code>.crl</code>, <code>.ocsp</code>).</li>
<li><code>data/proofs/file-1.ots</code> …: OpenTimestamps proofs of the files, if there are any. Any client checks them, and completes one that
still awaits its Bitcoin block:<br>
<code>ots upgrade file-1.ots; ots verify -f ORIGINAL file-1.ots</code></li>
<li><code>data/proofs/file-1.ers</code> …: RFC 4998 evidence records of the files, if there are any, with every renewal of their timestamps;
<code>files.ers</code> is about all of them together. Any RFC 4998 tool checks them, and so does the verify page with the original beside them.</li>
<li><code>manifest-*.txt</code>, <code>manifest-seal.json</code>: the manifests and their seal (BagIt, RFC 8493).</li>
</ul>
<h2>What it does not show</h2>
<p>Whether the content is accurate, who made it or when, who holds a right in it, whether the conduct of anyone was lawful, or how a court,
notary or public office will assess it.</p>
</section>
</body>
</html>
`;
}
