import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { access, mkdir, writeFile } from 'node:fs/promises';
import { NearsideError } from '@nearside/core';
import {
  type KeyRole,
  modelPublicKeyFile,
  privateKeyFile,
  publicKeyPem,
  TUF_ROLES,
  type TufRole,
} from './keys/key-files.js';
import { tufKeyId, tufKeyOf } from './keys/tuf-key.js';
import { sha256Hex } from './sha256-hex.js';

export interface GenerateKeysOptions {
  /** Directory to write to; made when missing. */
  readonly out: string;
}

export interface GeneratedKeys {
  readonly directory: string;
  readonly keys: readonly GeneratedKey[];
  /** The model key's public half, for other tools that verify signatures. */
  readonly modelPublicKeyFile: string;
  /** Always false for now: the files hold the keys in the clear. */
  readonly encrypted: false;
}

export interface GeneratedKey {
  readonly role: KeyRole;
  readonly file: string;
  /** TUF key id, or for the model key the hint that its signatures carry; 64 hex digits. */
  readonly id: string;
}

/**
 * Makes one Ed25519 key per TUF role and one ECDSA P-256 key for models, because OMS allows no
 * Ed25519. Files are PKCS #8 PEM, readable by their owner only. Nothing is overwritten.
 *
 * @throws NearsideError `output-exists`
 */
export async function generateKeys({ out }: GenerateKeysOptions): Promise<GeneratedKeys> {
  const modelKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const newKeys = [
    ...TUF_ROLES.map(newTufKey),
    { role: 'model', id: sha256Hex(publicKeyPem(modelKey)), key: modelKey } as const,
  ];
  const publicFile = modelPublicKeyFile(out);
  await requireNone([...newKeys.map(({ role }) => privateKeyFile(out, role)), publicFile]);

  await mkdir(out, { recursive: true, mode: 0o700 });
  for (const { role, key } of newKeys) {
    const pem = key.export({ type: 'pkcs8', format: 'pem' });
    await writeFile(privateKeyFile(out, role), pem, { flag: 'wx', mode: 0o600, flush: true });
  }
  await writeFile(publicFile, publicKeyPem(modelKey), { flag: 'wx', flush: true });
  return {
    directory: out,
    keys: newKeys.map(({ role, id }) => ({ role, id, file: privateKeyFile(out, role) })),
    modelPublicKeyFile: publicFile,
    encrypted: false,
  };
}

function newTufKey(role: TufRole): { role: TufRole; id: string; key: KeyObject } {
  const { privateKey } = generateKeyPairSync('ed25519');
  return { role, id: tufKeyId(tufKeyOf(privateKey)), key: privateKey };
}

/** All or nothing: half a set of new keys beside half a set of old ones signs nothing. */
async function requireNone(files: readonly string[]): Promise<void> {
  for (const file of files) {
    const exists = await access(file).then(
      () => true,
      () => false,
    );
    if (!exists) continue;
    throw new NearsideError(
      'output-exists',
      `${file}: expected no key there, got one. Keys are never overwritten: choose another ` +
        'directory with `--out`.',
      { details: { file } },
    );
  }
}
