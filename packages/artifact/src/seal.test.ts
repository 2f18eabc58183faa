import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { integrityOf, readIntegrity } from './integrity.js';
import { sealPath } from './repository-paths.js';
import { readSeal, type Seal, writeSeal } from './seal.js';

const EMPTY = createHash('sha256').update('').digest('hex');

const SEAL: Seal = {
  format: 1,
  model: 'digits',
  version: '1.0.0',
  requires: { format: 1, runtime: ['onnx'] },
  files: { 'model.json': EMPTY },
  inline: { [EMPTY]: '' },
};

const hashed = (seal: object) => {
  const bytes = writeSeal(seal as Seal);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
};

describe('a seal', () => {
  test('is the same bytes, in whatever order its fields were made', () => {
    const { inline, files, ...rest } = SEAL;
    expect(writeSeal({ inline, ...rest, files })).toEqual(writeSeal(SEAL));
  });

  test('gives the manifest of a version, whose sequence is the first 48 bits of its hash', () => {
    const { bytes, sha256 } = hashed(SEAL);
    const { manifest, isCommon, inline } = readSeal(bytes, { sha256, model: 'digits' });
    const sequence = Number(`0x${sha256.slice(0, 12)}`);
    expect(manifest.release).toEqual({ model: 'digits', version: '1.0.0', sequence });
    expect(manifest.sha256).toBe(sha256);
    expect(manifest.files.get('model.json')).toBe(EMPTY);
    expect([isCommon, inline.get(EMPTY)?.length]).toEqual([false, 0]);
    expect(sealPath(sha256)).toBe(`seals/${sha256}.json`);
  });

  test.each([
    ['another model', { ...SEAL, model: 'voice' }, 'bundle-mismatch'],
    ['a newer format', { format: 2, other: 'fields' }, 'version-unsupported'],
    ['a name that leads out', { ...SEAL, files: { '../x': EMPTY } }, 'name-unsafe'],
    ['text that is no base64', { ...SEAL, inline: { [EMPTY]: '{' } }, 'metadata-malformed'],
    ['a digest that is none', { ...SEAL, files: { 'model.json': 'x' } }, 'metadata-malformed'],
  ])('of %s is refused', (_what, seal, code) => {
    const { bytes, sha256 } = hashed(seal);
    const read = () => readSeal(bytes, { sha256, model: 'digits' });
    expect(read).toThrow(expect.objectContaining({ code }));
  });
});

describe('an integrity', () => {
  test("is what a browser's subresource integrity has, and reads in both alphabets", () => {
    const digest = createHash('sha256').update('a seal').digest();
    const integrity = `sha256-${digest.toString('base64')}`;
    expect(integrityOf(digest.toString('hex'))).toBe(integrity);
    expect(readIntegrity(integrity)).toBe(digest.toString('hex'));
    expect(readIntegrity(`sha256-${digest.toString('base64url')}`)).toBe(digest.toString('hex'));
  });

  test.each([
    'sha512-x',
    `sha256-${'A'.repeat(43)}= sha256-${'B'.repeat(43)}=`,
    `sha384-${'A'.repeat(64)}`,
    '',
    7,
    undefined,
  ])('%j is none', (value) => expect(readIntegrity(value)).toBeUndefined());
});
