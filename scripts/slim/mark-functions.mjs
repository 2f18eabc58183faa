// Makes a module that notes which of its functions have been entered. For profiling; it is never shipped.
import {
  GLOBALS,
  join,
  readNumber,
  readSections,
  withBodies,
  writeNumber,
} from './wasm-module.mjs';

/**
 * The marks lie in the main thread's stack, so far below where it begins, bytes: Emscripten's stack grows down from
 * there, and onnxruntime-web 1.30 gives it 5 MiB. {@link readMarks} checks that nothing else comes near.
 */
const BELOW_STACK = 4 * 1024 * 1024;

/** So much room on either side of the marks must be untouched, bytes. */
const GUARD = 64 * 1024;

const I32_CONST = 0x41;
const I32_STORE8 = 0x3a;

/** A local's type is one of these bytes: numbers, vectors and the two plain references (section 5.3). */
const ONE_BYTE_TYPES = new Set([0x7f, 0x7e, 0x7d, 0x7c, 0x7b, 0x70, 0x6f]);

/**
 * Every function sets a byte of its own when it is entered, in memory that all threads share.
 *
 * @param {Uint8Array} bytes a module by Emscripten, whose first global is its stack pointer
 * @returns {{ bytes: Uint8Array, marks: { at: number, count: number } }} the module, and where its memory has the marks
 */
export function markFunctions(bytes) {
  const at = stackTop(bytes) - BELOW_STACK;
  let count = 0;
  const marked = withBodies(bytes, (bodies) => {
    count = bodies.length;
    return bodies.map((body, i) => withFirst(body, setByte(at + i)));
  });
  return { bytes: marked, marks: { at, count } };
}

/**
 * @param {ArrayBufferLike} memory
 * @param {{ at: number, count: number }} marks as `markFunctions` gave them
 * @returns {number[]} the functions that have been entered; the first one that the module defines is 0
 * @throws Error if the stack has come near the marks
 */
export function readMarks(memory, { at, count }) {
  const around = new Uint8Array(memory, at - GUARD, count + 2 * GUARD);
  const isTouched = (byte, i) => byte !== 0 && (i < GUARD || i >= GUARD + count);
  if (around.some(isTouched)) throw new Error('Expected room around the marks, got a deep stack');
  const entered = [];
  for (let i = 0; i < count; i += 1) if (around[GUARD + i] !== 0) entered.push(i);
  return entered;
}

/** Where the stack begins: what the first global holds at first. */
function stackTop(bytes) {
  const { contents } = readSections(bytes).find(({ id }) => id === GLOBALS);
  const { next } = readNumber(contents, 0);
  const [, , opcode] = contents.subarray(next); // behind its type, and whether it may change
  if (opcode !== I32_CONST) throw new Error('Expected a stack pointer, got another first global');
  return readNumber(contents, next + 3).value; // signed, but of a positive number the bits are the same
}

function withFirst(body, instructions) {
  const start = endOfLocals(body);
  return join([body.subarray(0, start), instructions, body.subarray(start)]);
}

/** A body begins with its locals: how many groups, and each group's size and type (section 5.5.13). */
function endOfLocals(body) {
  const { value: groups, next } = readNumber(body, 0);
  let at = next;
  for (let i = 0; i < groups; i += 1) {
    at = readNumber(body, at).next;
    if (!ONE_BYTE_TYPES.has(body[at])) throw new Error('Expected a plain type of a local');
    at += 1;
  }
  return at;
}

/** Sets the byte at an address to 1. */
function setByte(address) {
  return [I32_CONST, ...writeSigned(address), I32_CONST, 1, I32_STORE8, 0, 0];
}

/** Signed LEB128 of a number that is not negative: the last byte's sign bit must be clear. */
function writeSigned(value) {
  const bytes = writeNumber(value);
  const last = bytes.pop();
  return last < 0x40 ? [...bytes, last] : [...bytes, last + 0x80, 0];
}
