// Builds build/web: the site (index.html and its assets) and verify.html, the verification page as one file that needs
// nothing else. Same sources and packages, same bytes: verify.html's SHA-256 is printed and written beside it.
// Usage: node scripts/build-pages.ts [FOLDER]
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import react from '@vitejs/plugin-react';
import { build, type InlineConfig, type Plugin, type Rolldown } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));
const sources = join(root, 'src/web');
const outDir = resolve(process.argv[2] ?? join(root, 'build/web'));

const common: InlineConfig = { configFile: false, envDir: false, root: sources, logLevel: 'warn' };

await buildSite();
const page = verifyPageOf(await buildVerifyPage());
const digest = createHash('sha256').update(page).digest('hex');
writeFileSync(join(outDir, 'verify.html'), page);
writeFileSync(join(outDir, 'verify.html.sha256'), `${digest}  verify.html\n`);
console.log(`verify.html: ${page.length} bytes, SHA-256 ${digest}`);

async function buildSite(): Promise<void> {
  await build({
    ...common,
    plugins: [react(), withoutOldFonts()],
    build: {
      outDir,
      emptyOutDir: true,
      target: 'es2022',
      modulePreload: { polyfill: false },
      // Fonts are fetched by character range; inlining the small ones would make every visitor load them all.
      assetsInlineLimit: 0,
      chunkSizeWarningLimit: 4096,
    },
  });
}

/** @returns the page's one script and its style sheet */
async function buildVerifyPage(): Promise<{ script: string; style: string }> {
  const built = (await build({
    ...common,
    plugins: [react()],
    build: {
      write: false,
      target: 'es2022',
      modulePreload: false,
      cssCodeSplit: false,
      chunkSizeWarningLimit: 4096,
      rolldownOptions: { input: join(sources, 'offline-main.tsx'), output: { codeSplitting: false } },
    },
  })) as Rolldown.RolldownOutput;
  const scripts = built.output.filter((file) => file.type === 'chunk');
  const assets = built.output.filter((file) => file.type === 'asset');
  const styles = assets.filter((file) => file.fileName.endsWith('.css'));
  const [script, style] = [scripts[0], styles[0]];
  if (script === undefined || style === undefined || scripts.length + assets.length !== 2) {
    throw new Error(`expected one script and one style sheet, got ${built.output.map((file) => file.fileName)}`);
  }
  return { script: script.code, style: String(style.source) };
}

/**
 * The page in exactly the spelling that a browser gives back as `outerHTML`, so that the page can compute its own
 * digest (`own-digest.ts`). Its policy allows this one script by its hash and no request at all.
 */
function verifyPageOf({ script, style }: { script: string; style: string }): string {
  // A carriage return would come back from the browser as a line feed; these two would end or hide the script.
  const code = script
    .trim()
    .replaceAll('\r', '\\r')
    .replace(/<(\/script|!--)/gi, '\\x3C$1');
  const policy = [
    "default-src 'none'",
    `script-src 'sha256-${createHash('sha256').update(code).digest('base64')}' 'wasm-unsafe-eval'`,
    "style-src 'unsafe-inline'",
    'img-src data: blob:',
    'worker-src blob:',
    "connect-src 'none'",
    "form-action 'none'",
    "base-uri 'none'",
  ].join('; ');
  const head = [
    '<meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${policy}">`,
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    '<title>铁证核验 Tiezheng verification</title>',
    '<link rel="icon" href="data:,">',
    `<style>${style.trim().replaceAll('</', '<\\/')}</style>`,
    `<script type="module">${code}</script>`,
  ].join('\n');
  return `<!DOCTYPE html><html lang="zh-CN"><head>\n${head}\n</head><body><div id="app"></div></body></html>`;
}

/** Every browser that runs these pages reads WOFF2; the WOFF copies would double the folder. */
function withoutOldFonts(): Plugin {
  return {
    name: 'without-old-fonts',
    enforce: 'pre',
    transform(code, id) {
      if (!id.includes('@fontsource') || !id.endsWith('.css')) return null;
      return { code: code.replaceAll(/, url\([^)]*\.woff\) format\('woff'\)/g, ''), map: null };
    },
  };
}
