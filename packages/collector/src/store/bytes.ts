const FLOAT_BYTES = 8;
/** A length is two groups of 7 bits. */
const MOST_LENGTH = 2 ** 14 - 1;

/** Writes numbers one after another. Integers are in groups of 7 bits, the lowest first, so small ones take a byte. */
export class ByteWriter {
  #bytes = new Uint8Array(512);
  #at = 0;

  integer(value: number): void {
    this.#makeRoom(10);
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#at] = (rest % 0x80) + 0x80;
      this.#at += 1;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#at] = rest;
    this.#at += 1;
  }

  signed(value: number): void {
    this.integer(value < 0 ? -2 * value - 1 : 2 * value);
  }

  float(value: number): void {
    this.#makeRoom(FLOAT_BYTES);
    new DataView(this.#bytes.buffer).setFloat64(this.#at, value, true);
    this.#at += FLOAT_BYTES;
  }

  /** Writes what `write` does, after the number of its bytes. */
  withLength(write: () => void): void {
    this.#makeRoom(2);
    const lengthAt = this.#at;
    this.#at += 2;
    write();
    const length = this.#at - lengthAt - 2;
    if (length > MOST_LENGTH)
      throw new RangeError(`expected ≤ ${MOST_LENGTH} bytes, got ${length}`);
    this.#bytes[lengthAt] = (length & 0x7f) | 0x80;
    this.#bytes[lengthAt + 1] = length >> 7;
  }

  written(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  #makeRoom(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const larger = new Uint8Array(2 * this.#bytes.length);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads what a {@link ByteWriter} wrote. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  stepOver(bytes: number): void {
    this.#at += bytes;
  }

  integer(): number {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = this.#bytes[this.#at];
      if (byte === undefined) throw new RangeError('expected more bytes');
      this.#at += 1;
      if (byte < 0x80) return value + byte * scale;
      value += (byte - 0x80) * scale;
      scale *= 0x80;
    }
  }

  signed(): number {
    const value = this.integer();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  float(): number {
    const { buffer, byteOffset } = this.#bytes;
    const value = new DataView(buffer, byteOffset).getFloat64(this.#at, true);
    this.#at += FLOAT_BYTES;
    return value;
  }
}
