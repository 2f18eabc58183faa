import { readFileSync, statSync } from 'node:fs';
import { StartError } from '../refusals/start-error.js';

/**
 * Reads the lines of a file of secrets. Anything but a regular file is refused: a FIFO that nobody writes to never ends. A comment begins with `#` at the start of a line, or after a space.
 *
 * @throws StartError `file-missing`, `file-invalid`
 */
export function readSecretFile(path: string): string[] {
  const lines = readText(path).split('\n');
  const secrets = lines.map((line) => line.replace(/(?:^|\s)#.*/, '').trim());
  const given = secrets.filter((secret) => secret !== '');
  if (given.length > 0) return given;
  throw new StartError(
    'file-invalid',
    `${path}: expected a secret a line, got none. \`openssl rand -hex 24\` makes a token.`,
  );
}

function readText(path: string): string {
  const missing = `${path}: expected a file of secrets that can be read`;
  try {
    if (statSync(path).isFile()) return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new StartError('file-missing', `${missing}.`, { cause });
  }
  throw new StartError('file-missing', `${missing}, got a folder, FIFO or device.`);
}
