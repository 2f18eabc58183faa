import type { KeyObject } from 'node:crypto';
import { PublisherError } from '../errors/publisher-error.js';
import type { KeyRole } from './key-files.js';

/**
 * Requires Ed25519 for TUF roles, and ECDSA P-256 for models, because OMS allows no Ed25519.
 *
 * @throws NearsideError `key-unusable`
 */
export function requireKind(
  key: KeyObject,
  { origin, role }: { origin: string; role: KeyRole },
): KeyObject {
  const curve = key.asymmetricKeyDetails?.namedCurve;
  const kind = [key.asymmetricKeyType, curve].filter((part) => part !== undefined).join(' ');
  if (kind === (role === 'model' ? 'ec prime256v1' : 'ed25519')) return key;
  const expected = role === 'model' ? 'an ECDSA P-256' : 'an Ed25519';
  throw new PublisherError(
    'key-unusable',
    `${origin}: expected ${expected} key, got ${kind}. Each role has its own keys; ` +
      '`nearside keygen` makes them.',
    { details: { origin, role } },
  );
}
