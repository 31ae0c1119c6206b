/**
 * Asks for an authority's token over SHA-256 of a signature.
 * @returns DER of the token; null if none could be had in time. Never rejects
 */
export type StampSignature = (signature: Uint8Array) => Promise<Uint8Array | null>;
