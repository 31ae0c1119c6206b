export interface RegisterValue {
  /** Opaque; names this very write. */
  version: string;
  bytes: Uint8Array;
}

/**
 * One durable cell that is not restored together with the database: what was written here last was promised to the outside
 * world. Nobody writes bytes that were in it before (a log only grows); implementations rely on that.
 */
export interface CheckpointRegister {
  /** The newest value, durable; undefined if nothing was ever written. @throws StorageError `storage-failed` */
  read(): Promise<RegisterValue | undefined>;
  /**
   * Replaces the value whose version is `expectedVersion` (undefined: there is none yet). Resolves once durable. Of any number
   * of writers that expect the same version, in any number of processes, exactly one succeeds.
   *
   * A crash at any instruction leaves the old value or the new one.
   * @throws StorageError `register-conflict` if another version is there: nothing was changed. Any other StorageError means
   *   that the new value may or may not be there: `read` again before any other step.
   */
  compareAndSwap(expectedVersion: string | undefined, bytes: Uint8Array): Promise<{ version: string }>;
}

/** A register holds a checkpoint, not a file. */
export const LARGEST_REGISTER_BYTES = 64 * 1024;
