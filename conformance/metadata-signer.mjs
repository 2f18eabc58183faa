import { createHash, createPrivateKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { canonicalize } from '@tufjs/canonical-json';
import { currentPaths, need, withFiles } from './repository-files.mjs';

/**
 * Signs TUF metadata with the canonical JSON of another implementation, so that neither the
 * publisher's signer nor its encoding vouches for itself.
 *
 * @typedef {{ id: string, public: object, privateKey: import('node:crypto').KeyObject }} SigningKey
 * @typedef {'root' | 'targets' | 'snapshot' | 'timestamp'} Role
 * @typedef {import('./repository-files.mjs').RepositoryFiles} RepositoryFiles
 */

const ROLES = ['root', 'targets', 'snapshot', 'timestamp'];

/** The publisher's keys, one per role. @returns {Promise<Record<Role, SigningKey>>} */
export async function readRoleKeys(directory) {
  const keys = ROLES.map(async (role) => {
    const pem = await readFile(join(directory, `${role}.pem`), 'utf8');
    return [role, signingKey(createPrivateKey(pem))];
  });
  return Object.fromEntries(await Promise.all(keys));
}

/** @returns {SigningKey} */
export function newKey() {
  return signingKey(generateKeyPairSync('ed25519').privateKey);
}

/** @returns {SigningKey} */
function signingKey(privateKey) {
  const { x } = privateKey.export({ format: 'jwk' });
  const publicHex = Buffer.from(x, 'base64url').toString('hex');
  const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: publicHex } };
  return { id: sha256(canonicalize(key)), public: key, privateKey };
}

/** Hex of one signature over the canonical form of `signed`. */
export function signatureOf(signed, { privateKey }) {
  const hash = privateKey.asymmetricKeyType === 'ec' ? 'sha256' : null;
  return sign(hash, Buffer.from(canonicalize(signed)), privateKey).toString('hex');
}

/** @param {readonly SigningKey[]} keys @returns {Buffer} */
export function signMetadata(signed, keys) {
  const signatures = keys.map((key) => ({ keyid: key.id, sig: signatureOf(signed, key) }));
  return Buffer.from(JSON.stringify({ signed, signatures }));
}

/** Describes a file as the metadata above it does. */
export function describe(bytes) {
  return { length: bytes.length, hashes: { sha256: sha256(bytes) } };
}

/**
 * Publishes a next version of the metadata from the topmost changed role down, everything else as
 * a thief of the online keys would: consistent and signed.
 *
 * @param {RepositoryFiles} files
 * @param {Record<Role, SigningKey | readonly SigningKey[]>} keys who signs
 * @param {object} [how]
 * @param {(signed: any) => void} [how.targets] changes what is signed, in place
 * @param {(signed: any) => void} [how.snapshot]
 * @param {(signed: any) => void} [how.timestamp]
 * @param {Partial<Record<Role, (file: Buffer) => Uint8Array>>} [how.rewrite] changes a file after
 *   it was signed, before the metadata above describes it
 * @param {(file: Buffer) => object} [how.describeAs] what the metadata above says of a file, beside its version
 * @returns {RepositoryFiles}
 */
export function republish(files, keys, { rewrite = {}, describeAs = describe, ...changes } = {}) {
  const paths = currentPaths(files);
  const written = {};
  const seal = (role, update) => {
    const { signed } = JSON.parse(need(files, paths[role]).toString());
    signed.version += 1;
    update?.(signed);
    changes[role]?.(signed);
    const bytes = signMetadata(signed, [keys[role]].flat());
    const file = Buffer.from(rewrite[role]?.(bytes) ?? bytes);
    const prefix = role === 'timestamp' ? '' : `${signed.version}.`;
    written[`metadata/${prefix}${role}.json`] = file;
    return { version: signed.version, ...describeAs(file) };
  };
  const touched = (role) => changes[role] || rewrite[role];
  const targets = touched('targets') && seal('targets');
  const snapshot =
    (targets || touched('snapshot')) &&
    seal('snapshot', ({ meta }) => targets && Object.assign(meta, { 'targets.json': targets }));
  seal('timestamp', ({ meta }) => snapshot && Object.assign(meta, { 'snapshot.json': snapshot }));
  return withFiles(files, written);
}

/**
 * Adds a next root.
 *
 * @param {readonly SigningKey[]} signers
 * @param {(root: any) => void} change what is signed, in place
 * @param {(file: Buffer) => Uint8Array} [rewrite]
 */
export function addRoot(files, signers, change, rewrite = (file) => file) {
  const { signed } = JSON.parse(need(files, currentPaths(files).root).toString());
  signed.version += 1;
  const path = `metadata/${signed.version}.root.json`;
  change(signed);
  return withFiles(files, { [path]: rewrite(signMetadata(signed, signers)) });
}

/** Gives a role other keys, in place. */
export function setRole(root, role, keys, threshold = 1) {
  for (const key of keys) root.keys[key.id] = key.public;
  root.roles[role] = { keyids: keys.map(({ id }) => id), threshold };
}

/** As {@link describe}, with SHA-512 beside. */
export function describeTwice(bytes) {
  const { length, hashes } = describe(bytes);
  return { length, hashes: { ...hashes, sha512: sha512(bytes) } };
}

export function sha512(bytes) {
  return createHash('sha512').update(bytes).digest('hex');
}

export function sha256(bytes) {
  return createHash('sha256').update(bytes).digest('hex');
}
