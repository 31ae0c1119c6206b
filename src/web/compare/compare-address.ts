/** One file of a deposit. */
export interface ComparedFile {
  depositId: string;
  /** From 0. */
  fileIndex: number;
}

/** What the address of the page names; either may still have to be chosen. */
export interface Compared {
  original: ComparedFile | undefined;
  suspect: ComparedFile | undefined;
}

/** `/compare?original=<deposit>&originalFile=<n>&suspect=<deposit>&suspectFile=<n>`: as the service's own route; files are 0 if left out. */
export function compareAddress({ original, suspect }: Partial<Compared>): string {
  return `/compare?${comparisonQuery({ original, suspect })}`;
}

export function comparisonQuery({ original, suspect }: Partial<Compared>): string {
  const query = new URLSearchParams();
  for (const [side, file] of [
    ['original', original],
    ['suspect', suspect],
  ] as const) {
    if (file === undefined) continue;
    query.set(side, file.depositId);
    if (file.fileIndex > 0) query.set(`${side}File`, String(file.fileIndex));
  }
  return query.toString();
}

/** What is malformed counts as not chosen: the reader is asked again. */
export function comparedIn(query: string): Compared {
  const asked = new URLSearchParams(query);
  const fileOf = (side: 'original' | 'suspect'): ComparedFile | undefined => {
    const depositId = asked.get(side) ?? '';
    const fileIndex = asked.get(`${side}File`) ?? '0';
    if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(depositId) || !/^\d{1,4}$/.test(fileIndex))
      return undefined;
    return { depositId, fileIndex: Number(fileIndex) };
  };
  return { original: fileOf('original'), suspect: fileOf('suspect') };
}
