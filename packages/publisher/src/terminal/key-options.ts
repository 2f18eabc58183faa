import type { Command } from 'commander';
import type { KeySource } from '../keys/key-source.js';
import type { CommonOptions, Terminal } from './terminal.js';

/** The flags of a command that signs. */
export interface KeyFlags extends CommonOptions {
  readonly keys: string;
}

export function addKeyOptions(command: Command): Command {
  return command.option(
    '--keys <dir>',
    'directory of the private keys; keys in NEARSIDE_KEY_<ROLE> are used too',
    'keys',
  );
}

/** Where a command finds its keys; in a terminal the passphrase is asked for, once. */
export function keySource({ keys }: KeyFlags, { askSecret }: Terminal): KeySource {
  if (!askSecret) return { keys };
  let asked: Promise<string> | undefined;
  return {
    keys,
    passphrase() {
      asked ??= askSecret('Passphrase of the keys: ');
      return asked;
    },
  };
}
