import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { webkit } from './browsers.mjs';

/**
 * Starts a screen that nobody sees, for browsers that are not headless. Xvfb chooses a free number itself and writes it to
 * the descriptor it is given.
 *
 * @returns {Promise<{ name: string, close(): Promise<void> }>} `name` is for `DISPLAY`
 */
export async function startDisplay() {
  const args = ['-displayfd', '3', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'];
  const started = spawn(webkit.display, args, { stdio: ['ignore', 'ignore', 'ignore', 'pipe'] });
  const number = await new Promise((resolve, reject) => {
    started.stdio[3]?.once('data', (data) => resolve(String(data).trim()));
    started.once('error', reject);
    started.once('exit', (status) => reject(new Error(`Xvfb ended with ${status}`)));
  });
  return {
    name: `:${number}`,
    async close() {
      if (started.exitCode !== null || started.signalCode !== null) return;
      started.kill();
      await once(started, 'exit');
    },
  };
}
