import { readFileSync } from 'node:fs';
import { StartError } from '../refusals/start-error.js';

/**
 * Reads tokens from a file or from the environment, because everybody on the machine sees the words of a command.
 * `<variable>_FILE` names a file too, as container platforms mount their secrets.
 *
 * @param file as it was given on the command line
 * @returns an empty list where none are given
 * @throws StartError `file-missing`, `file-invalid`
 */
export function readTokens(
  variable: string,
  { file, environment }: { file: string | undefined; environment: NodeJS.ProcessEnv },
): string[] {
  const path = file ?? environment[`${variable}_FILE`];
  if (path) return tokensIn(path);
  const token = environment[variable];
  return token ? [token] : [];
}

/** Each line has one token. A comment begins with `#`. */
function tokensIn(path: string): string[] {
  const lines = readText(path).split('\n');
  const tokens = lines.map((line) => line.replace(/#.*/, '').trim()).filter((line) => line !== '');
  if (tokens.length > 0) return tokens;
  throw new StartError(
    'file-invalid',
    `${path}: expected a token a line, got none. \`openssl rand -hex 24\` makes one.`,
  );
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new StartError('file-missing', `${path}: expected a file of tokens that can be read.`, {
      cause,
    });
  }
}
