import {
  MODEL_KEYS_FIELD,
  parseMetadata,
  type Root,
  type TrustedMetadata,
} from '@nearside/artifact';
import { TUF_ROLES } from '../keys/key-files.js';

/** Ids of all keys that a root names, model keys last. */
export function namedKeys(root: Root): string[] {
  const tufKeys = TUF_ROLES.flatMap((role) => root.roles[role].keyids);
  return [...tufKeys, ...Object.keys(root[MODEL_KEYS_FIELD])];
}

export function firstNamedKeys({ rootChain }: TrustedMetadata): string[] {
  return rootChain.slice(0, 1).flatMap((raw) => namedKeys(parseMetadata('root', raw).signed));
}

export function everNamedKeys({ rootChain }: TrustedMetadata): string[] {
  return rootChain.flatMap((raw) => namedKeys(parseMetadata('root', raw).signed));
}

/** Ids of the keys that come and go from one root to another. */
export function compareKeys(before: Root, after: Root): { added: string[]; removed: string[] } {
  const [old, fresh] = [namedKeys(before), namedKeys(after)];
  return {
    added: fresh.filter((id) => !old.includes(id)),
    removed: old.filter((id) => !fresh.includes(id)),
  };
}
