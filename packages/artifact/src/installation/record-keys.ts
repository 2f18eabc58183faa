import type { ModelAddress } from '../address.js';
import { toHex } from '../hex.js';

/**
 * Keys of a device's records in the store. Most begin with a prefix: `pinPrefix` of a repository, or `addressPrefix` of a
 * folder with sealed versions.
 */

/** The first 16 hex digits of the SHA-256 of a sealed folder's address. */
export async function addressPrefix({ repository, model }: ModelAddress): Promise<string> {
  const address = new TextEncoder().encode(repository + model);
  const digest = await crypto.subtle.digest('SHA-256', address); // callers have checked that there is WebCrypto
  return toHex(new Uint8Array(digest, 0, 8));
}

/** `p/<model>`: which of its versions serves. */
export function pointerKey(prefix: string, model: string): string {
  return `${prefix}/p/${model}`;
}

/** `b/<model>`: which backend serves it best here. Only the main thread writes it, because it knows all backends. */
export function choiceKey(prefix: string, model: string): string {
  return `${prefix}/b/${model}`;
}

/** `f/<model>`: values of features that the page asked to remember. */
export function featuresKey(prefix: string, model: string): string {
  return `${prefix}/f/${model}`;
}

/** `m/<model>/`: before the id of a mark, what its page is doing for the model. */
export function markPrefix(prefix: string, model: string): string {
  return `${prefix}/m/${model}/`;
}

/** `d/<model>`: pages that died while they were at work for it, and runs of its versions. */
export function deathsKey(prefix: string, model: string): string {
  return `${prefix}/d/${model}`;
}

export function versionPrefix(prefix: string, model: string): string {
  return `${prefix}/v/${model}/`;
}

/** `v/<model>/<sequence>`: one version on this device. */
export function versionKey(prefix: string, model: string, sequence: number): string {
  return versionPrefix(prefix, model) + sequence;
}

/**
 * Changes with every step of any version. A collection that was decided on older marks sees that it
 * has changed, and decides anew.
 */
export const MARKS_KEY = 'g/marks';
