// A process that writes a file register as fast as it can until it is killed. Argument 1 is the folder. It prints each value
// before it writes it ("try N") and after it was acknowledged ("ok N").
import { writeSync } from 'node:fs';
import { FileCheckpointRegister } from '../../src/storage/file-register.ts';

const register = await FileCheckpointRegister.open(process.argv[2] as string);
let value = await register.read();
for (;;) {
  const next = Number(Buffer.from(value?.bytes ?? Buffer.from('0')).toString()) + 1;
  const bytes = Buffer.from(String(next));
  writeSync(1, `try ${next}\n`);
  const { version } = await register.compareAndSwap(value?.version, bytes);
  writeSync(1, `ok ${next}\n`);
  value = { version, bytes };
}
