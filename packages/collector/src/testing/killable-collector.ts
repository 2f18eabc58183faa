import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { KillableCollector } from './store-kills.js';

/** The command as it is installed, for tests that need all of it. */
export const BUILT_COMMAND = new URL('../../bin/nearside-collector.js', import.meta.url);

/** Starts the command with these options. */
export async function startKillable(
  command: URL,
  options: readonly string[],
): Promise<KillableCollector> {
  const args = [fileURLToPath(command), '--json', '--local', '--port', '0', ...options];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  child.once('exit', () => process.off('exit', kill));
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  return {
    url: (JSON.parse(line) as { url: string }).url,
    signal: (name) => child.kill(name),
    end: async () => {
      child.kill('SIGTERM');
      const [code] = (await exited) as [number | null];
      return code;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
