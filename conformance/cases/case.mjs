/**
 * One thing that is shown to every tool, and what we expect of our own device.
 *
 * @typedef {object} MetadataCase
 * @property {string} name
 * @property {'accept' | 'reject'} expected of our device at the last visit
 * @property {readonly RepositoryFiles[]} visits what the repository holds at each visit of one client
 * @property {readonly ('accept' | 'reject')[]} [earlier] of the visits before; accepted by default
 * @property {readonly string[]} [targets] names of targets to ask for, where they are not the publisher's
 * @property {string} [signatures] role whose newest file openssl judges; otherwise it sees nothing
 * @property {Readonly<Record<string, string>>} [notVisible] tool → why it cannot see this
 * @property {Readonly<Record<string, string>>} [exceptions] tool → why it says otherwise than we
 *
 * @typedef {object} BundleCase
 * @property {string} name
 * @property {'accept' | 'reject'} expected
 * @property {Buffer} bundle
 * @property {Readonly<Record<string, string>>} [notVisible]
 * @property {Readonly<Record<string, string>>} [exceptions]
 *
 * @typedef {import('../repository-files.mjs').RepositoryFiles} RepositoryFiles
 */

/** @param {Partial<MetadataCase>} [rest] @returns {MetadataCase} */
export function accepted(name, visits, rest = {}) {
  return { name, expected: 'accept', visits: [visits].flat(), ...rest };
}

/** @param {Partial<MetadataCase>} [rest] @returns {MetadataCase} */
export function rejected(name, visits, rest = {}) {
  return { name, expected: 'reject', visits: [visits].flat(), ...rest };
}

/** Names that JavaScript's objects have of their own, and some parsers therefore drop. */
export const INHERITED = ['constructor', 'prototype', '__proto__'];

/** Assigning `__proto__` would make no member of it. */
export function addMember(object, name, value) {
  Object.defineProperty(object, name, { value, enumerable: true });
}

export const LONG_AGO = '2001-01-01T00:00:00Z';

/** @returns {(signed: { expires: string }) => void} */
export function expires(at) {
  return (signed) => {
    signed.expires = at;
  };
}
