import { concatenate } from './concatenate.js';
import { sha256Hex } from './sha256.js';

type Bytes = Uint8Array<ArrayBuffer>;

/**
 * WebCrypto hashes a buffer as a whole, ten times as fast as {@link createSha256}, and copies it first. Pieces that are
 * larger together, bytes, are hashed one by one instead.
 */
const JOINED_BYTES = 16 * 1024 * 1024;

export interface PieceHash {
  update(piece: Bytes): void;
  /** SHA-256 of all pieces in order, as 64 lower-case hex digits. */
  hex(): Promise<string>;
}

/** @param sizeBytes of all pieces together */
export function hashPieces(sizeBytes: number): PieceHash {
  if (sizeBytes > JOINED_BYTES) return createSha256();
  const pieces: Bytes[] = [];
  return {
    update: (piece) => void pieces.push(piece),
    hex: () => sha256Hex(concatenate(pieces)),
  };
}

const BLOCK_BYTES = 64;

/** SHA-256 (FIPS 180-4) of what comes in pieces, which WebCrypto has not: 107 MB a second of processor time (Node 20). */
export function createSha256(): PieceHash {
  const { state, compress } = startCompression();
  const block = new Uint8Array(BLOCK_BYTES);
  let filled = 0;
  let sizeBytes = 0;

  function update(piece: Uint8Array): void {
    sizeBytes += piece.length;
    let at = 0;
    if (filled > 0) {
      at = Math.min(BLOCK_BYTES - filled, piece.length);
      block.set(piece.subarray(0, at), filled);
      filled += at;
      if (filled < BLOCK_BYTES) return;
      compress(block, 0);
    }
    for (; at + BLOCK_BYTES <= piece.length; at += BLOCK_BYTES) compress(piece, at);
    block.set(piece.subarray(at));
    filled = piece.length - at;
  }

  return {
    update,
    async hex() {
      // Section 5.1.1: a one, zeros, and the size in bits fill the last block.
      const end = new Uint8Array((filled < BLOCK_BYTES - 8 ? 1 : 2) * BLOCK_BYTES - filled);
      end[0] = 0x80;
      new DataView(end.buffer).setBigUint64(end.length - 8, BigInt(sizeBytes) * 8n);
      update(end);
      return [...state].map((word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
    },
  };
}

/** Section 6.2.2, with its names. Its constants are its own: bundlers make variables of a module's, which takes half as long again. */
function startCompression() {
  const primes = firstPrimes(64);
  const k = Int32Array.from(primes, (prime) => fraction(Math.cbrt(prime)));
  const state = Int32Array.from(primes.slice(0, 8), (prime) => fraction(Math.sqrt(prime)));
  const w = new Int32Array(64);

  function compress(bytes: Uint8Array, from: number): void {
    for (let t = 0, at = from; t < 16; t += 1, at += 4) w[t] = wordAt(bytes, at);
    for (let t = 16; t < 64; t += 1) {
      const early = w[t - 15] as number;
      const late = w[t - 2] as number;
      const sigma0 = rotate(early, 7) ^ rotate(early, 18) ^ (early >>> 3);
      const sigma1 = rotate(late, 17) ^ rotate(late, 19) ^ (late >>> 10);
      w[t] = sigma1 + (w[t - 7] as number) + sigma0 + (w[t - 16] as number);
    }
    let a = state[0] as number;
    let b = state[1] as number;
    let c = state[2] as number;
    let d = state[3] as number;
    let e = state[4] as number;
    let f = state[5] as number;
    let g = state[6] as number;
    let h = state[7] as number;
    for (let t = 0; t < 64; t += 1) {
      const choice = (e & f) ^ (~e & g);
      const majority = (a & b) ^ (a & c) ^ (b & c);
      const sum0 = rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22);
      const sum1 = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25);
      const first = (h + sum1 + choice + (k[t] as number) + (w[t] as number)) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + first) | 0;
      d = c;
      c = b;
      b = a;
      a = (first + sum0 + majority) | 0;
    }
    const added = [a, b, c, d, e, f, g, h];
    for (let i = 0; i < 8; i += 1) {
      state[i] = (state[i] as number) + (added[i] as number);
    }
  }

  return { state, compress };
}

/** The roots of the first 64 primes are the constants of sections 4.2.2 and 5.3.3. */
function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n += 1) {
    if (primes.every((prime) => n % prime > 0)) primes.push(n);
  }
  return primes;
}

/** The first 32 bits of its fractional part. */
function fraction(root: number): number {
  return ((root % 1) * 2 ** 32) | 0;
}

function wordAt(bytes: Uint8Array, at: number): number {
  const low = ((bytes[at + 2] as number) << 8) | (bytes[at + 3] as number);
  return ((bytes[at] as number) << 24) | ((bytes[at + 1] as number) << 16) | low;
}

function rotate(value: number, bits: number): number {
  return (value >>> bits) | (value << (32 - bits));
}
