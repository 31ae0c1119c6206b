import { encodeHex } from '../format/bytes.ts';
import { parseCosignature } from '../format/cosignature.ts';
import { utcTimeOf } from '../format/fields.ts';
import type { WitnessedLog, WitnessedState } from './witnessed-log.ts';

export interface PageRow {
  log: WitnessedLog;
  state: WitnessedState | undefined;
}

/** What the witness has cosigned, for a person. No script, nothing from elsewhere. */
export function renderWitnessPage(witness: { name: string; vkey: string }, rows: readonly PageRow[]): string {
  const logs = rows.map(({ log, state }) => {
    const cells =
      state === undefined
        ? ['0', '尚未签署 nothing cosigned yet', '']
        : [String(state.treeSize), encodeHex(state.rootHash), cosignedAt(state)];
    const link = state === undefined ? '' : ` <a href="${log.originHash}/checkpoint">checkpoint</a>`;
    return `<tr><td>${escapeHtml(log.origin)}${link}</td>${cells.map((cell) => `<td>${escapeHtml(cell)}</td>`).join('')}</tr>`;
  });
  return `<!doctype html>
<html lang="zh-CN">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>见证 Witness ${escapeHtml(witness.name)}</title>
<style>
body{font:16px/1.7 system-ui,"Noto Sans SC","PingFang SC","Microsoft YaHei",sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}
table{border-collapse:collapse;width:100%}td,th{border:1px solid #8a929a;padding:.3rem .6rem;text-align:left;word-break:break-all}
code{font-family:ui-monospace,monospace;word-break:break-all}
</style>
</head>
<body>
<h1>见证 Witness ${escapeHtml(witness.name)}</h1>
<p lang="zh-CN">本见证只说明一件事：下列各日志中，它签署的每一棵树都是前一棵的延续。它不了解日志中存了什么，也不对其内容作任何判断。</p>
<p lang="en">This witness states one thing: of each log below, every tree that it cosigned extends the one before. It does not know what is in
the logs and says nothing about it.</p>
<p>公钥 Public key (c2sp.org/tlog-cosignature): <code>${escapeHtml(witness.vkey)}</code></p>
<table>
<thead><tr><th>日志 Log</th><th>记录数 Leaves</th><th>根 Root hash</th><th>签署于 Cosigned at (UTC)</th></tr></thead>
<tbody>
${logs.join('\n')}
</tbody>
</table>
</body>
</html>
`;
}

/** The witness's own line is the last one. */
function cosignedAt({ checkpointBytes }: WitnessedState): string {
  const line = new TextDecoder().decode(checkpointBytes).trimEnd().split('\n').at(-1) as string;
  return utcTimeOf(parseCosignature(line).timestampUnixS * 1000);
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
