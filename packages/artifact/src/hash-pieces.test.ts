import { expect, test } from 'vitest';
import { createSha256, hashPieces } from './hash-pieces.js';
import { sha256Hex } from './sha256.js';

const bytes = crypto.getRandomValues(new Uint8Array(4096));

test('pieces of any length hash to what WebCrypto says of them joined', async () => {
  for (const sizeBytes of [0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 4096]) {
    for (const pieceBytes of [1, 7, 63, 64, 65, 200, 4096]) {
      const hash = createSha256();
      for (let at = 0; at < sizeBytes; at += pieceBytes) {
        hash.update(bytes.slice(at, Math.min(at + pieceBytes, sizeBytes)));
      }
      expect(await hash.hex()).toBe(await sha256Hex(bytes.slice(0, sizeBytes)));
    }
  }
});

test('a file is hashed alike whether it is joined for it or not', async () => {
  const [small, large] = [hashPieces(8192), hashPieces(2 ** 30)];
  for (const hash of [small, large]) {
    hash.update(bytes);
    hash.update(bytes);
  }
  expect(await large.hex()).toBe(await small.hex());
});
