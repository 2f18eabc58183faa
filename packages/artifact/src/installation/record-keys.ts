import { pinPrefix } from '../tuf/pin.js';
import { trustedKey } from '../tuf/stored-metadata.js';

/** Keys of a device's records in the store. Most begin with a prefix for the repository: see `pinPrefix`. */

/** The store keeps a repository's metadata under this key, for `peekStore`. */
export function metadataKey(pin: string): string {
  return trustedKey(pinPrefix(pin));
}

/** `p/<model>`: which of its versions serves. */
export function pointerKey(prefix: string, model: string): string {
  return `${prefix}/p/${model}`;
}

/** `b/<model>`: which backend serves it best here. Only the main thread writes it, because it knows all backends. */
export function choiceKey(pin: string, model: string): string {
  return `${pinPrefix(pin)}/b/${model}`;
}

/** `f/<model>`: values of features that the page asked to remember. */
export function featuresKey(pin: string, model: string): string {
  return `${pinPrefix(pin)}/f/${model}`;
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
