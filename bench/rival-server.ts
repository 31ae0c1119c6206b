import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface RivalServer {
  url: string;
  stop(): Promise<void>;
}

/** Starts a server of `rivals/` as a process of its own, as the service is. Each prints its port once it listens. */
export async function startRival(file: string, args: string[], env: Record<string, string> = {}): Promise<RivalServer> {
  const path = fileURLToPath(new URL(`rivals/${file}`, import.meta.url));
  const child = spawn(process.execPath, [path, ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const port = await Promise.race([
    once(createInterface({ input: child.stdout }), 'line').then(([line]) => String(line)),
    exited.then(() => {
      throw new Error(`${file} ended while starting`);
    }),
  ]);
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
