import { readSmallFile } from '../files/read-small-file.js';

/** The passphrase of encrypted keys, or a way to ask for it, which is used only when needed. */
export type Passphrase = string | (() => Promise<string | undefined>);

export interface KeySource {
  /**
   * Directory with `<role>.pem`, `<role>-2.pem`, …. Keys in the environment (`NEARSIDE_KEY_ROOT`,
   * `…_TARGETS`, `…_SNAPSHOT`, `…_TIMESTAMP`, `…_MODEL`: PEM text, several one after the other)
   * are used beside it, or alone.
   */
  readonly keys?: string | undefined;
  /** Default: `NEARSIDE_PASSPHRASE`, or the first line of the file `NEARSIDE_PASSPHRASE_FILE`. */
  readonly passphrase?: Passphrase | undefined;
}

/** @returns undefined when nobody has said one */
export async function findPassphrase(given?: Passphrase): Promise<string | undefined> {
  if (typeof given === 'string') return given;
  return (await passphraseOfEnvironment()) ?? (await given?.());
}

/**
 * @returns undefined when the environment has none; an empty one counts as none
 * @throws NearsideError `file-missing` when it names a file that cannot be read
 */
export async function passphraseOfEnvironment(): Promise<string | undefined> {
  const { NEARSIDE_PASSPHRASE: text, NEARSIDE_PASSPHRASE_FILE: file } = process.env;
  if (text) return text;
  if (!file) return undefined;
  const what = 'the passphrase that NEARSIDE_PASSPHRASE_FILE names';
  const bytes = await readSmallFile(file, { what, tooLarge: 'key-locked' });
  const [line] = bytes.toString().split(/\r?\n/, 1);
  return line || undefined;
}
