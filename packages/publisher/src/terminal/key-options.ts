import { shareOnce } from '@nearside/core';
import type { Command } from 'commander';
import { keyWarnings, passphraseWarnings } from '../keys/exposed-keys.js';
import type { KeySource } from '../keys/key-source.js';
import type { CommonOptions, Terminal } from './terminal.js';

/** The flags of a command that signs. */
export interface KeyFlags extends CommonOptions {
  readonly keys: string;
  /** Directory of the repository; for `sign-root` it may be a URL. */
  readonly repo: string;
}

/** @param whose says which keys are in the directory */
export function addKeyOptions(command: Command, whose = 'the private keys'): Command {
  return command.option(
    '--keys <dir>',
    `directory of ${whose}; keys in NEARSIDE_KEY_<ROLE> are used too`,
    'keys',
  );
}

/**
 * Finds a command's keys. In a terminal it asks for the passphrase, once. It warns on standard error of keys that
 * others may read, or that would be published.
 */
export async function keySource(
  { keys, newKeys, repo }: KeyFlags & { readonly newKeys?: string },
  { askSecret, error }: Terminal,
): Promise<KeySource> {
  const warnings = await passphraseWarnings();
  for (const directory of new Set([keys, newKeys ?? keys])) {
    warnings.push(...(await keyWarnings(directory, repo)));
  }
  for (const warning of warnings) error(`nearside: warning: ${warning}`);
  if (!askSecret) return { keys };
  return { keys, passphrase: shareOnce(() => askSecret('Passphrase of the keys: ')) };
}
