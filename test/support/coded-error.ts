import { expect } from 'chai';
import { CodedError } from '../../src/errors.ts';

/** Resolves to the error that `attempt` rejects with; fails unless it is a CodedError of this code. */
export async function rejectionOf(attempt: Promise<unknown>, code: string): Promise<CodedError> {
  let outcome: unknown;
  try {
    outcome = await attempt;
  } catch (error) {
    expect(error, String((error as Error)?.stack ?? error)).to.be.instanceOf(CodedError);
    expect((error as CodedError).code).to.equal(code);
    return error as CodedError;
  }
  throw new Error(`expected ${code}, got the result ${JSON.stringify(outcome)}`);
}

/** The code of the CodedError that `work` throws, or `accepted`. Anything else that is thrown goes on. */
export function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof CodedError) return error.code;
    throw error;
  }
  return 'accepted';
}
