import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';

const SRC = fileURLToPath(new URL('../src', import.meta.url));

/** Data goes down this list; imports go up it. The last three rows are the files directly in src/. */
const PURE = ['format', 'merkle', 'verify'];
const STEPS = [
  'network',
  'storage',
  'db',
  'intake',
  'log',
  'custody',
  'anchor',
  'calendar',
  'timestamp',
  'certificate',
  'status',
  'erasure',
  'filing',
  'access',
  'sharing',
  'matters',
  'witness',
  'renewal',
  'notices',
];
const MAY_IMPORT: Record<string, readonly string[]> = {
  format: [],
  merkle: ['format'],
  verify: ['format', 'merkle'],
  network: [],
  storage: ['format'],
  db: ['format'],
  intake: [...PURE, 'storage', 'db'],
  log: ['format', 'merkle', 'storage', 'db'],
  custody: ['format', 'db', 'log'],
  anchor: ['format', 'verify', 'db', 'log', 'turns.ts'],
  calendar: ['format', 'merkle', 'db', 'log', 'turns.ts'],
  timestamp: ['format', 'verify', 'network', 'db', 'turns.ts'],
  witness: ['format', 'merkle', 'storage', 'db', 'log'],
  certificate: [...PURE, 'storage', 'db', 'log', 'custody', 'anchor', 'timestamp'],
  status: ['format', 'db', 'log', 'custody', 'certificate'],
  erasure: ['format', 'storage', 'db', 'custody', 'certificate'],
  filing: [...PURE, 'storage', 'db', 'log', 'anchor', 'timestamp', 'calendar', 'certificate', 'renewal'],
  renewal: [...PURE, 'storage', 'db', 'timestamp', 'turns.ts'],
  access: ['format', 'db'],
  sharing: ['format', 'storage', 'db', 'access', 'custody', 'notices'],
  matters: ['format', 'storage', 'db', 'access', 'custody', 'sharing', 'notices'],
  notices: ['format', 'network', 'storage', 'db', 'turns.ts'],
  http: [...PURE, ...STEPS],
  evaluation: ['format', 'storage', 'db', 'anchor', 'timestamp', 'certificate', 'access', 'config.ts', 'logger.ts'],
  web: PURE,
  cli: [
    ...PURE,
    'config.ts',
    'logger.ts',
    'server.ts',
    'anchor',
    'certificate',
    'access',
    'db',
    'log',
    'status',
    'evaluation',
    'witness',
    'renewal',
    'storage',
    'timestamp',
  ],
  'config.ts': ['format', 'access', 'anchor', 'timestamp', 'witness', 'renewal', 'notices'],
  'logger.ts': [],
  'turns.ts': [],
  'errors.ts': [],
  'server.ts': [...PURE, ...STEPS, 'http', 'config.ts', 'logger.ts'],
};

/** Commands that need no service must not load one. */
const OFFLINE_COMMANDS = ['verify.ts', 'audit.ts', 'deposit.ts', 'policy.ts', 'policy-file.ts'];

interface Import {
  from: string;
  to: string;
  isType: boolean;
}

function* sourceFiles(folder: string): Generator<string> {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sourceFiles(path);
    else if (/\.tsx?$/.test(entry.name)) yield path;
  }
}

function importsOf(file: string): Import[] {
  const text = readFileSync(file, 'utf8');
  const pattern = /^(?:import|export)\b([^;]*?)\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gms;
  return [...text.matchAll(pattern)].map((match) => ({
    from: file,
    to: (match[2] ?? match[3] ?? match[4]) as string,
    isType: /^\s*type\b/.test(match[1] ?? ''),
  }));
}

/** The part of the tree that a path under src/ belongs to: its first folder, or the file itself. */
function partOf(path: string): string {
  return relative(SRC, path).split(sep)[0] as string;
}

const files = [...sourceFiles(SRC)];

describe('the tree of src/', () => {
  it('has no part that the table does not know', () => {
    expect([...new Set(files.map(partOf))].filter((part) => !(part in MAY_IMPORT))).to.deep.equal([]);
  });

  it('imports only upwards', () => {
    const wrong = files
      .flatMap(importsOf)
      .filter(({ to }) => to.startsWith('.'))
      .map((i) => ({ ...i, part: partOf(i.from), target: partOf(resolve(dirname(i.from), i.to)) }))
      .filter(({ part, target }) => target !== part && target !== 'errors.ts' && !MAY_IMPORT[part]?.includes(target))
      .map(({ from, to }) => `${relative(SRC, from)} imports ${to}`);
    expect(wrong).to.deep.equal([]);
  });

  it('keeps Node, clocks, randomness and networks out of the pure folders', () => {
    const forbidden = [
      /\bfrom 'node:/,
      /\bBuffer\b/,
      /\bprocess\./,
      /\bDate\.now\b/,
      /\bnew Date\(\)/,
      /\bfetch\(/,
      /\bMath\.random\b/,
      /\bgetRandomValues\b/,
      /\bXMLHttpRequest\b/,
    ];
    const wrong = files
      .filter((file) => PURE.includes(partOf(file)))
      .flatMap((file) => {
        const code = readFileSync(file, 'utf8').replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
        return forbidden.filter((word) => word.test(code)).map((word) => `${relative(SRC, file)}: ${word}`);
      });
    expect(wrong).to.deep.equal([]);
  });

  it('reads the environment in config.ts only', () => {
    const readers = files
      .filter((file) => /process\.env\b/.test(readFileSync(file, 'utf8')))
      .map((file) => relative(SRC, file));
    // The commands hand the environment over; a child process inherits it.
    expect(readers.filter((file) => !/^(?:cli|evaluation)\b/.test(file))).to.deep.equal([]);
  });

  it('lets a witness load nothing of the service', () => {
    const loaded = new Set<string>();
    const load = (file: string) => {
      if (loaded.has(file)) return;
      loaded.add(file);
      for (const { to, isType } of importsOf(file)) {
        if (to.startsWith('.') && !isType) load(resolve(dirname(file), to));
      }
    };
    load(join(SRC, 'cli', 'witness.ts'));
    const parts = [...loaded].map((file) => partOf(file)).filter((part) => ![...PURE, 'errors.ts'].includes(part));
    expect([...new Set(parts)].sort()).to.deep.equal(['cli', 'storage', 'witness']);
    const others = [...loaded].map((file) => relative(SRC, file)).filter((file) => /^(?:cli|witness)\b/.test(file));
    expect(others).to.not.include(join('cli', 'main.ts')).and.not.include(join('witness', 'witness-circle.ts'));
  });

  it('lets the offline commands load nothing of the service', () => {
    const wrong = files
      .filter((file) => partOf(file) === 'cli' && OFFLINE_COMMANDS.some((name) => file.endsWith(`${sep}${name}`)))
      .flatMap(importsOf)
      .filter(({ from, to, isType }) => {
        if (!to.startsWith('.') || isType) return false;
        return ![...PURE, 'cli', 'errors.ts', 'config.ts'].includes(partOf(resolve(dirname(from), to)));
      })
      .map(({ from, to }) => `${relative(SRC, from)} imports ${to}`);
    expect(wrong).to.deep.equal([]);
  });
});
