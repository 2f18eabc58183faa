import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { KillableCollector } from './store-kills.js';

/** Starts the command on a file. */
export async function startKillable(command: URL, file: string): Promise<KillableCollector> {
  const args = [fileURLToPath(command), '--json', '--port', '0', '--file', file];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    url: (JSON.parse(line) as { url: string }).url,
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
