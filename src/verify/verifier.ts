/** Same in every place where this code runs, so that the same input and policy give the same report, byte for byte. */
export const VERIFIER = { name: 'tiezheng', version: '0.1.0' };
