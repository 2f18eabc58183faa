import { MODEL_KEYS_FIELD, type Root } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import { readHeldKeys } from '../keys/held-keys.js';
import type { KeySource } from '../keys/key-source.js';
import { createOmsSigner, type OmsSigner } from './oms-signer.js';
import { noKey } from './signers.js';

/**
 * Reads the model key: the newest at hand that root names. So once a rotation has begun, versions are signed by the
 * key that stays.
 *
 * @throws NearsideError `file-missing`, `model-key-unknown`, `key-locked` or `key-unusable`
 */
export async function openModelSigner(keySource: KeySource, root: Root): Promise<OmsSigner> {
  const held = await readHeldKeys(keySource, ['model']);
  const known = Object.keys(root[MODEL_KEYS_FIELD]);
  const key = held.findLast(({ id }) => known.includes(id));
  if (key) return createOmsSigner(key.key);
  if (held.length === 0) throw noKey('model', keySource);
  const got = held.map(({ id }) => id);
  throw new NearsideError(
    'model-key-unknown',
    `${held.map(({ origin }) => origin).join(', ')}: expected a model key that root version ` +
      `${root.version} names (${known.join(', ')}), got ${got.join(', ')}. ` +
      '`nearside rotate-root --add model` lets devices accept it.',
    { details: { expected: known, got } },
  );
}
