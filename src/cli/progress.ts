/** One line on standard error that is rewritten while work goes on; plain lines, at most one a second, where no terminal is. */
export class ProgressLine {
  readonly #label: string;
  readonly #total: number | undefined;
  readonly #quiet: boolean;
  #done = 0;
  #shownAt = 0;
  #open = false;

  /** @param total in bytes; undefined if nobody knows @param quiet prints nothing, as `--json` wants */
  constructor(label: string, total: number | undefined, quiet: boolean) {
    this.#label = label;
    this.#total = total;
    this.#quiet = quiet;
  }

  add(bytes: number): void {
    this.#done += bytes;
    const now = performance.now();
    if (this.#quiet || now - this.#shownAt < (process.stderr.isTTY ? 100 : 1000)) return;
    this.#shownAt = now;
    this.#show();
  }

  /** Ends the line, with what was reached. */
  end(): void {
    if (this.#quiet || !this.#open) return;
    this.#show();
    if (process.stderr.isTTY) process.stderr.write('\n');
  }

  #show(): void {
    this.#open = true;
    const text = `${this.#label} ${this.#measure()}`;
    process.stderr.write(process.stderr.isTTY ? `\r\u001b[K${text}` : `${text}\n`);
  }

  #measure(): string {
    if (this.#total === undefined) return formatBytes(this.#done);
    const share = this.#total === 0 ? 1 : Math.min(1, this.#done / this.#total);
    const filled = Math.round(share * 24);
    const bar = '█'.repeat(filled) + '░'.repeat(24 - filled);
    return `${bar} ${Math.floor(share * 100)} %  ${formatBytes(this.#done)} / ${formatBytes(this.#total)}`;
  }
}

/** Binary units, three significant digits: `1.24 GiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  const digits = unit === 0 || value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${value.toFixed(digits)} ${units[unit]}`;
}
