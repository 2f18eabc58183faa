/** Pixels of a side: so much memory may a picture take, however small its file is. */
const LONGEST_SIDE = 2048;

const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Samples of a pixel by colour type (PNG, third edition, table 12): grey, RGB, palette, grey with alpha, RGB with alpha. */
const CHANNELS = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };
const PALETTE = 3;

/** The bytes are no PNG that is read here. */
export class PictureError extends Error {}

/**
 * Reads a PNG of any depth and colour that is not interlaced, in any JavaScript that has `DecompressionStream`.
 *
 * @typedef {{ data: Uint8ClampedArray<ArrayBuffer>, width: number, height: number }} Picture RGBA, row by row
 *
 * @param {Uint8Array<ArrayBuffer>} file
 * @returns {Promise<Picture>}
 * @throws {PictureError}
 */
export async function readPng(file) {
  const chunks = readChunks(file);
  const header = readHeader(chunks);
  const packed = chunks.filter(({ type }) => type === 'IDAT').map(({ data }) => data);
  const lines = await inflate(packed, header.height * (1 + header.lineBytes));
  unfilter(lines, header);
  return toPixels(lines, header, chunks);
}

/** @param {Uint8Array<ArrayBuffer>} file */
function readChunks(file) {
  if (SIGNATURE.some((byte, i) => file[i] !== byte)) throw new PictureError('Expected a PNG.');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const chunks = [];
  for (let at = SIGNATURE.length; at + 12 <= file.length; ) {
    const start = at + 8;
    const end = start + view.getUint32(at);
    if (end + 4 > file.length)
      throw new PictureError('Expected a whole PNG, got the start of one.');
    const type = String.fromCharCode(...file.subarray(at + 4, start));
    chunks.push({ type, data: file.subarray(start, end) });
    at = end + 4; // behind its checksum: what is compressed has one of its own
  }
  return chunks;
}

/** @param {ReturnType<typeof readChunks>} chunks */
function readHeader([first]) {
  if (first?.type !== 'IHDR' || first.data.length !== 13) {
    throw new PictureError('Expected a PNG that begins with its header.');
  }
  const view = new DataView(first.data.buffer, first.data.byteOffset, 13);
  const [width, height] = [view.getUint32(0), view.getUint32(4)];
  const [depth, color, , , interlace] = first.data.subarray(8);
  const channels = CHANNELS[color];
  if (!(width > 0 && height > 0 && Math.max(width, height) <= LONGEST_SIDE)) {
    throw new PictureError(
      `Expected at most ${LONGEST_SIDE} pixels a side, got ${width} × ${height}.`,
    );
  }
  if (!channels || ![1, 2, 4, 8, 16].includes(depth)) {
    throw new PictureError(`Expected a known kind of colour, got type ${color} of ${depth} bits.`);
  }
  if (interlace !== 0) throw new PictureError('Expected a PNG that is not interlaced.');
  const pixelBits = channels * depth;
  return {
    width,
    height,
    depth,
    color,
    channels,
    lineBytes: Math.ceil((width * pixelBits) / 8),
    pixelBytes: Math.max(1, pixelBits / 8),
  };
}

/**
 * Never more than was announced: a small file may hold gigabytes.
 *
 * @param {Uint8Array<ArrayBuffer>[]} packed zlib's format
 * @param {number} sizeBytes
 */
async function inflate(packed, sizeBytes) {
  const lines = new Uint8Array(sizeBytes);
  let length = 0;
  try {
    const parts = new Blob(packed).stream().pipeThrough(new DecompressionStream('deflate'));
    for await (const part of parts) {
      lines.set(part, length); // a RangeError where it is too long
      length += part.length;
    }
  } catch (cause) {
    throw new PictureError('Expected pixels that can be unpacked.', { cause });
  }
  if (length !== sizeBytes) throw new PictureError('Expected pixels for every line.');
  return lines;
}

/**
 * Undoes the filter that each line names in its first byte (PNG, section 9).
 *
 * @param {Uint8Array} lines in place
 * @param {ReturnType<typeof readHeader>} header
 */
function unfilter(lines, { height, lineBytes, pixelBytes }) {
  for (let y = 0; y < height; y += 1) {
    const start = y * (1 + lineBytes) + 1;
    const filter = lines[start - 1];
    for (let x = 0; x < lineBytes; x += 1) {
      const at = start + x;
      const hasLeft = x >= pixelBytes;
      const left = hasLeft ? lines[at - pixelBytes] : 0;
      const above = y > 0 ? lines[at - lineBytes - 1] : 0;
      const corner = hasLeft && y > 0 ? lines[at - lineBytes - 1 - pixelBytes] : 0;
      lines[at] += predict(filter, left, above, corner);
    }
  }
}

/**
 * @param {number} filter
 * @param {number} left
 * @param {number} above
 * @param {number} corner
 */
function predict(filter, left, above, corner) {
  switch (filter) {
    case 0:
      return 0;
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return (left + above) >> 1;
    case 4: {
      const guess = left + above - corner;
      const [a, b, c] = [left, above, corner].map((value) => Math.abs(guess - value));
      if (a <= b && a <= c) return left;
      return b <= c ? above : corner;
    }
    default:
      throw new PictureError(`Expected one of the five filters, got ${filter}.`);
  }
}

/**
 * @param {Uint8Array} lines
 * @param {ReturnType<typeof readHeader>} header
 * @param {ReturnType<typeof readChunks>} chunks
 * @returns {Picture}
 */
function toPixels(lines, { width, height, depth, color, channels, lineBytes }, chunks) {
  const palette = chunks.find(({ type }) => type === 'PLTE')?.data;
  const opacity = chunks.find(({ type }) => type === 'tRNS')?.data;
  const most = 2 ** depth - 1;
  const data = new Uint8ClampedArray(4 * width * height);

  function sample(y, index) {
    const bit = index * depth;
    const byte = y * (1 + lineBytes) + 1 + (bit >> 3);
    if (depth === 16) return (lines[byte] << 8) | lines[byte + 1];
    return (lines[byte] >> (8 - depth - (bit & 7))) & most;
  }

  for (let i = 0; i < width * height; i += 1) {
    const x = i % width;
    const y = (i - x) / width;
    const to = 4 * i;
    if (color === PALETTE) {
      const index = sample(y, x);
      for (let c = 0; c < 3; c += 1) data[to + c] = palette?.[3 * index + c] ?? 0;
      data[to + 3] = opacity?.[index] ?? 255;
      continue;
    }
    const value = (c) => (255 * sample(y, x * channels + c)) / most;
    const isGrey = channels < 3;
    for (let c = 0; c < 3; c += 1) data[to + c] = value(isGrey ? 0 : c);
    data[to + 3] = channels % 2 === 0 ? value(channels - 1) : 255;
  }
  return { data, width, height };
}
