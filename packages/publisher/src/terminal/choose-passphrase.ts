import { passphraseWarnings } from '../keys/exposed-keys.js';
import { passphraseOfEnvironment } from '../keys/key-source.js';
import type { Terminal } from './terminal.js';

/**
 * Takes the passphrase of new keys from the environment, or has it typed twice, because nobody can recover it.
 *
 * @param withoutOne words for how to have none
 * @returns undefined where nobody has said one
 */
export async function choosePassphrase(
  { askSecret, error }: Terminal,
  withoutOne: string,
): Promise<string | undefined> {
  for (const warning of await passphraseWarnings()) error(`nearside: warning: ${warning}`);
  const known = await passphraseOfEnvironment();
  if (known !== undefined || !askSecret) return known;
  const first = await askSecret(`Passphrase for the new keys (${withoutOne}): `);
  if (first === '') return first;
  const second = await askSecret('The same again: ');
  if (first === second) return first;
  throw new RangeError('Expected the same passphrase twice, got two different ones.');
}
