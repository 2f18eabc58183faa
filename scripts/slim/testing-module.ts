/** Two functions without arguments, `one` → 1 and `two` → 2, a memory of 97 pages from outside, and Emscripten's first global. */
export const TWO_FUNCTIONS = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // \0asm, version 1
  ...[1, 5, 1, 0x60, 0, 1, 0x7f], // type 0: () → i32
  ...[2, 8, 1, 1, 0x61, 1, 0x61, 2, 0, 0x61], // import the memory a.a, at least 97 pages
  ...[3, 3, 2, 0, 0], // two functions of type 0
  ...[6, 9, 1, 0x7f, 1, 0x41, 0x80, 0xe1, 0x80, 3, 11], // a number that may change, at first 6,303,872
  ...[7, 13, 2, 3, 0x6f, 0x6e, 0x65, 0, 0, 3, 0x74, 0x77, 0x6f, 0, 1], // export one and two
  ...[10, 13, 2, 4, 0, 0x41, 1, 11, 6, 1, 1, 0x7f, 0x41, 2, 11], // bodies; the second one has a local
);
