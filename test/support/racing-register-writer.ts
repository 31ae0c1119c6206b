// A process that races others for a file register. Argument 1 is the folder, 2 its own name, 3 how many rounds. In each round it
// waits for a message with the expected version, writes once, and answers with the version it won or null.
import { FileCheckpointRegister } from '../../src/storage/file-register.ts';

const [, , folder, name] = process.argv as string[];
const register = await FileCheckpointRegister.open(folder as string);
process.on('message', async ({ round, expected }: { round: number; expected: string | null }) => {
  try {
    const bytes = Buffer.from(`${round} by ${name}`);
    process.send?.({ won: (await register.compareAndSwap(expected ?? undefined, bytes)).version });
  } catch (error) {
    process.send?.({ won: null, code: (error as { code?: string }).code });
  }
});
process.send?.('ready');
