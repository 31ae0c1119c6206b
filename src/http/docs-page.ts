import { PROBLEMS, type ProblemCode } from './problem.ts';

type Json = { [key: string]: unknown };

const STYLE = `body{font:16px/1.6 system-ui,"Noto Sans SC",sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1f2328}
h2{margin-top:2.5rem;border-bottom:1px solid #d1d9e0}code,pre{font-family:ui-monospace,monospace;font-size:.9em}
pre{background:#f6f8fa;padding:1rem;overflow:auto}table{border-collapse:collapse;width:100%}
td,th{border:1px solid #d1d9e0;padding:.3rem .6rem;text-align:left;vertical-align:top}
.method{text-transform:uppercase;font-weight:700}.evaluation{background:#fff1e5;border:1px solid #bc4c00;padding:.5rem 1rem}`;

/** Everything that these pages load is in them: one style, no script. */
export const DOCS_POLICY =
  "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const EVALUATION =
  '<p class="evaluation" role="note">评估用途,不具有任何证明效力。EVALUATION: nothing here has any value outside of trying it out.</p>';

/** The OpenAPI document for people. */
export function docsPage(document: Json, evaluation: boolean): string {
  const { info, paths, tags, components } = document as {
    info: { title: string; version: string; description: string };
    paths: Record<string, Record<string, Json>>;
    tags: { name: string; description: string }[];
    components: { schemas: Record<string, Json> };
  };
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  const sections = tags.map(({ name, description }) => {
    const own = operations.filter(({ operation }) => (operation.tags as string[]).includes(name));
    return `<h2 id="${htmlOf(name)}">${htmlOf(description)}</h2>${own.map(operationSection).join('')}`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) =>
      `<details id="schema-${htmlOf(name)}"><summary><code>${htmlOf(name)}</code></summary><pre>${htmlOf(JSON.stringify(schema, null, 2))}</pre></details>`,
  );
  return page(
    `${info.title} · API ${info.version}`,
    `${evaluation ? EVALUATION : ''}<p>${htmlOf(info.description)}</p>
<p><a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1)</p>
<nav><ul>${tags.map((t) => `<li><a href="#${htmlOf(t.name)}">${htmlOf(t.description)}</a></li>`).join('')}
<li><a href="#schemas">数据结构 Schemas</a></li><li><a href="#problems">错误代码 Problem codes</a></li></ul></nav>
${sections.join('\n')}
<h2 id="schemas">数据结构 Schemas</h2>${schemas.join('\n')}
<h2 id="problems">错误代码 Problem codes</h2>
<table><thead><tr><th>代码 Code</th><th>状态 Status</th><th>含义</th><th>Meaning</th></tr></thead>
<tbody>${Object.entries(PROBLEMS)
      .map(
        ([code, { status, zh, en }]) =>
          `<tr id="problem-${code}"><td><a href="/problems/${code}"><code>${code}</code></a></td><td>${status}</td><td>${htmlOf(zh)}</td><td>${htmlOf(en)}</td></tr>`,
      )
      .join('\n')}</tbody></table>`,
  );
}

/** What `type` of a problem document points to. */
export function problemPage(code: ProblemCode): string {
  const { status, zh, en } = PROBLEMS[code];
  return page(
    code,
    `<p lang="zh-CN">${htmlOf(zh)}</p><p>${htmlOf(en)}</p><p>HTTP ${status}</p><p><a href="/api/docs#problem-${code}">全部错误代码 All problem codes</a></p>`,
  );
}

/** A problem as a page, for people whose browser asked for one. */
export function problemAnswerPage(problem: {
  titleZh: string;
  title: string;
  code: string;
  detail?: string | undefined;
  requestId?: string | undefined;
}): string {
  return page(
    `${problem.titleZh} · ${problem.title}`,
    `${problem.detail === undefined ? '' : `<p>${htmlOf(problem.detail)}</p>`}
<p><a href="/problems/${htmlOf(problem.code)}"><code>${htmlOf(problem.code)}</code></a>${
      problem.requestId === undefined ? '' : ` · <code>${htmlOf(problem.requestId)}</code>`
    }</p><p><a href="/">返回首页 Back to the first page</a></p>`,
  );
}

function operationSection({ path, method, operation }: { path: string; method: string; operation: Json }): string {
  const { operationId, summary, description, parameters, requestBody, responses, security } = operation as {
    operationId: string;
    summary: string;
    description?: string;
    parameters: { name: string; in: string; required: boolean; description?: string }[];
    requestBody?: { content: Record<string, Json> };
    responses: Record<string, { description: string; content?: Record<string, Json> }>;
    security: unknown[];
  };
  const given = parameters.map(
    (p) =>
      `<li><code>${htmlOf(p.name)}</code> (${p.in}${p.required ? ', 必填 required' : ''}) ${htmlOf(p.description ?? '')}</li>`,
  );
  const answers = Object.entries(responses).map(
    ([status, { description: means, content }]) =>
      `<tr><td>${status}</td><td>${Object.keys(content ?? {})
        .map((t) => `<code>${htmlOf(t)}</code>`)
        .join('<br>')}</td><td>${code(means)}</td></tr>`,
  );
  return `<section id="${operationId}"><h3><span class="method">${method}</span> <code>${htmlOf(path)}</code></h3>
<p>${htmlOf(summary)}${security.length > 0 ? ' · 需要身份验证 authenticated' : ''}</p>
${description === undefined ? '' : `<p>${code(description)}</p>`}
${given.length === 0 ? '' : `<p>参数 Parameters</p><ul>${given.join('')}</ul>`}
${
  requestBody === undefined
    ? ''
    : `<p>请求内容 Body: ${Object.keys(requestBody.content)
        .map((t) => `<code>${htmlOf(t)}</code>`)
        .join(', ')}</p>`
}
<table><thead><tr><th>状态 Status</th><th>类型 Type</th><th>含义 Meaning</th></tr></thead><tbody>${answers.join('')}</tbody></table></section>`;
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${htmlOf(title)}</title><style>${STYLE}</style></head><body><main><h1>${htmlOf(title)}</h1>${body}</main></body></html>`;
}

function code(text: string): string {
  return htmlOf(text).replace(/`([^`]+)`/g, '<code>$1</code>');
}

function htmlOf(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}
