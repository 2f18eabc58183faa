import { expect, test } from 'vitest';
import { TWO_FUNCTIONS } from './testing-module.js';
import {
  CODE,
  customSection,
  readBodies,
  readNumber,
  readSections,
  withBodies,
  writeBodies,
  writeNumber,
  writeSections,
} from './wasm-module.mjs';

test('a module is read in sections, and written as it was', () => {
  const sections = readSections(TWO_FUNCTIONS);
  expect(sections.map(({ id }) => id)).toEqual([1, 2, 3, 6, 7, 10]);
  expect(writeSections(sections)).toEqual(TWO_FUNCTIONS);
});

test('the code section is read in bodies, and written as it was', () => {
  const code = readSections(TWO_FUNCTIONS).find(({ id }) => id === CODE)?.contents as Uint8Array;
  const bodies = readBodies(code);
  expect(bodies.map((body) => [...body])).toEqual([
    [0, 0x41, 1, 11],
    [1, 1, 0x7f, 0x41, 2, 11],
  ]);
  expect(writeBodies(bodies)).toEqual(code);
  expect(withBodies(TWO_FUNCTIONS, (same) => same)).toEqual(TWO_FUNCTIONS);
});

test('bytes that are no module, and a module that is cut short, are refused', () => {
  expect(() => readSections(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8))).toThrow('Expected a WebAss');
  for (let length = 9; length < TWO_FUNCTIONS.length; length += 1) {
    const cut = TWO_FUNCTIONS.slice(0, length);
    const whole = readSectionsOrNothing(cut);
    if (whole) expect(writeSections(whole)).toEqual(cut); // cut between two sections it is a module still
  }
  expect(() => readSections(TWO_FUNCTIONS.slice(0, -1))).toThrow('got its end');
});

test("LEB128 numbers are as the specification's appendix and DWARF's examples have them", () => {
  const known = [
    [2, [2]],
    [127, [127]],
    [128, [0x80, 1]],
    [129, [0x81, 1]],
    [12_857, [0xb9, 0x64]],
    [624_485, [0xe5, 0x8e, 0x26]],
    [4_294_967_295, [0xff, 0xff, 0xff, 0xff, 0x0f]],
  ] as const;
  for (const [value, bytes] of known) {
    expect(writeNumber(value)).toEqual(bytes);
    expect(readNumber(Uint8Array.from(bytes), 0)).toEqual({ value, next: bytes.length });
  }
  expect(readNumber(Uint8Array.of(0x80, 0x00), 0)).toEqual({ value: 0, next: 2 }); // longer than it need be
  expect(() => readNumber(Uint8Array.of(0x80), 0)).toThrow('Expected a number at byte 0');
});

test('an engine gives back what a custom section holds', async () => {
  const bytes = writeSections([
    ...readSections(TWO_FUNCTIONS),
    customSection('note', Uint8Array.of(1, 2, 3)),
  ]);
  const module = await WebAssembly.compile(bytes as BufferSource);
  const [note] = WebAssembly.Module.customSections(module, 'note');
  expect([...new Uint8Array(note as ArrayBuffer)]).toEqual([1, 2, 3]);
});

function readSectionsOrNothing(bytes: Uint8Array) {
  try {
    return readSections(bytes);
  } catch {
    return undefined;
  }
}
