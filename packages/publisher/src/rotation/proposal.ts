import { type Metadata, parseMetadata, type Root, validSigners } from '@nearside/artifact';
import { isNearsideError, NearsideError } from '@nearside/core';
import { PublisherError } from '../errors/publisher-error.js';
import { readSmallFile } from '../files/read-small-file.js';
import { writeIfChanged } from '../files/replace-file.js';
import type { HeldKey } from '../keys/held-keys.js';
import { TUF_ROLES } from '../keys/key-files.js';
import type { Thresholds } from '../keys/thresholds.js';
import { createTufSigner, signaturesOf } from '../signing/tuf-signer.js';
import { compareKeys } from './named-keys.js';

/**
 * A next root that several people sign, each where their key is. The file has the root metadata as it will be
 * published, with the signatures so far.
 */
export interface RootProposal {
  readonly file: string;
  readonly version: number;
  readonly expires: string;
  /** Ids of the keys that come and go. Thresholds that change are below. */
  readonly added: readonly string[];
  readonly removed: readonly string[];
  readonly thresholds: Thresholds;
  /** Signatures by keys of the present root, and by keys of the next one; both must be enough. */
  readonly signedByPresent: SignedShare;
  readonly signedByNext: SignedShare;
  /** `rotate-root --apply` can publish it. */
  readonly complete: boolean;
}

export interface SignedShare {
  readonly threshold: number;
  readonly keyIds: readonly string[];
  /** Keys that have not signed yet. */
  readonly missing: readonly string[];
}

/** Signs a next root with the keys of either root that are at hand, if any. */
export function signWithHeld(
  next: { readonly signedJson: unknown; readonly signatures: Metadata<'root'>['signatures'] },
  { before, after, held }: { before: Root; after: Root; held: readonly HeldKey[] },
): Uint8Array<ArrayBuffer> {
  const named = [...before.roles.root.keyids, ...after.roles.root.keyids];
  const signers = held
    .filter(({ role, id }) => role === 'root' && named.includes(id))
    .map(({ key }) => createTufSigner(key));
  const own = signaturesOf(next.signedJson, signers);
  const others = next.signatures.filter(({ keyid }) => own.every((one) => one.keyid !== keyid));
  const signatures = [...others, ...own];
  return new TextEncoder().encode(JSON.stringify({ signed: next.signedJson, signatures }));
}

/** @throws NearsideError `file-missing`, `metadata-malformed` or `metadata-too-large` */
export async function readProposal(file: string): Promise<Metadata<'root'>> {
  const what = 'a next root, which `nearside rotate-root --propose` writes';
  const bytes = await readSmallFile(file, { what, tooLarge: 'metadata-too-large' });
  try {
    return parseMetadata('root', new Uint8Array(bytes));
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    const { code, message, details } = error;
    const cause = { cause: error, details: { ...details, file } };
    throw new NearsideError(code, `${file}: ${message.replace(/^root\.json(?:: |, )/, '')}`, cause);
  }
}

/** @throws NearsideError `version-conflict` when it is not the next root of this repository */
export function requireNext(file: string, { signed }: Metadata<'root'>, root: Root): void {
  if (signed.version === root.version + 1) return;
  throw new PublisherError(
    'version-conflict',
    `${file}: expected root version ${root.version + 1}, the next of this repository, got ` +
      `${signed.version}. Propose it again.`,
    { details: { file, expected: root.version + 1, got: signed.version } },
  );
}

/** @returns what the proposal changes and who has signed it. Everybody should read this before signing */
export async function writeProposal(
  file: string,
  bytes: Uint8Array<ArrayBuffer>,
  present: Root,
): Promise<RootProposal> {
  await writeIfChanged(file, bytes);
  const proposal = parseMetadata('root', bytes);
  const next = proposal.signed;
  const changed = TUF_ROLES.filter(
    (role) => next.roles[role].threshold !== present.roles[role].threshold,
  );
  const signedByPresent = await shareOf(proposal, present);
  const signedByNext = await shareOf(proposal, next);
  return {
    file,
    version: next.version,
    expires: next.expires,
    ...compareKeys(present, next),
    thresholds: Object.fromEntries(changed.map((role) => [role, next.roles[role].threshold])),
    signedByPresent,
    signedByNext,
    complete: [signedByPresent, signedByNext].every(
      ({ keyIds, threshold }) => keyIds.length >= threshold,
    ),
  };
}

async function shareOf(proposal: Metadata<'root'>, root: Root): Promise<SignedShare> {
  const { keyids, threshold } = root.roles.root;
  const keyIds = await validSigners(proposal, root);
  return { threshold, keyIds, missing: keyids.filter((id) => !keyIds.includes(id)) };
}
