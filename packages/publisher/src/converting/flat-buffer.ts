import { modelInvalid } from '../errors/model-invalid.js';

/**
 * All that is read of a file, as a multiple of its size. Writers store next to nothing twice; a file whose lists share
 * their bytes would otherwise be read for ever.
 */
const MOST_READ = 16;

/** Sizes of scalars, bytes. */
const SIZES = { int8: 1, uint8: 1, uint16: 2, int32: 4, uint32: 4, float32: 4, int64: 8 } as const;
type Scalar = keyof typeof SIZES;

/**
 * A FlatBuffer whose offsets are held against its end: https://flatbuffers.dev/internals. All numbers are
 * little-endian.
 */
export class FlatBuffer {
  readonly #view: DataView;
  #left: number;

  constructor(readonly bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#left = bytes.length * MOST_READ;
  }

  /** @throws NearsideError `model-invalid` */
  root(): FlatTable {
    return new FlatTable(this, this.follow(0));
  }

  read(scalar: Scalar, offset: number): number {
    this.require(offset, SIZES[scalar]);
    switch (scalar) {
      case 'int8':
        return this.#view.getInt8(offset);
      case 'uint8':
        return this.#view.getUint8(offset);
      case 'uint16':
        return this.#view.getUint16(offset, true);
      case 'int32':
        return this.#view.getInt32(offset, true);
      case 'uint32':
        return this.#view.getUint32(offset, true);
      case 'float32':
        return this.#view.getFloat32(offset, true);
      case 'int64':
        return Number(this.#view.getBigInt64(offset, true));
    }
  }

  /** @returns the place that an offset of 32 bits leads to, counted from where it stands */
  follow(offset: number): number {
    return offset + this.read('uint32', offset);
  }

  /** @returns the bytes of a list whose elements have this size, after its length */
  list(start: number, elementBytes: number): { readonly start: number; readonly length: number } {
    const length = this.read('uint32', start);
    this.require(start + 4, length * elementBytes);
    return { start: start + 4, length };
  }

  require(offset: number, sizeBytes: number): void {
    const end = offset + sizeBytes;
    if (offset < 0 || end > this.bytes.length) {
      throw modelInvalid(
        `Expected a whole TFLite model, got ${this.bytes.length} bytes, of which those from ${offset} to ${end} are ` +
          'read: another file, or a part of one.',
        { offset, end, sizeBytes: this.bytes.length },
      );
    }
    this.#left -= sizeBytes;
    if (this.#left >= 0) return;
    throw modelInvalid(
      `Expected a TFLite model whose parts each have bytes of their own, got one that is read more than ${MOST_READ} ` +
        `times over, last at ${offset}.`,
      { offset },
    );
  }
}

/** A table by the place where it starts. Fields are counted as the schema lists them; one may be left out. */
export class FlatTable {
  readonly #file: FlatBuffer;
  readonly #start: number;
  readonly #fields: number;
  readonly #fieldsEnd: number;

  constructor(file: FlatBuffer, start: number) {
    this.#file = file;
    this.#start = start;
    this.#fields = start - file.read('int32', start);
    this.#fieldsEnd = this.#fields + file.read('uint16', this.#fields);
  }

  number(field: number, scalar: Scalar, byDefault = 0): number {
    const place = this.#place(field);
    return place === undefined ? byDefault : this.#file.read(scalar, place);
  }

  table(field: number): FlatTable | undefined {
    const place = this.#place(field);
    return place === undefined ? undefined : new FlatTable(this.#file, this.#file.follow(place));
  }

  tables(field: number): FlatTable[] {
    return this.#elements(field, 4).map(
      (place) => new FlatTable(this.#file, this.#file.follow(place)),
    );
  }

  numbers(field: number, scalar: Scalar): number[] {
    return this.#elements(field, SIZES[scalar]).map((place) => this.#file.read(scalar, place));
  }

  /** @returns the bytes as they lie in the file, not copied */
  bytes(field: number): Uint8Array {
    const place = this.#place(field);
    if (place === undefined) return new Uint8Array();
    const { start, length } = this.#file.list(this.#file.follow(place), 1);
    return this.#file.bytes.subarray(start, start + length);
  }

  text(field: number): string {
    return new TextDecoder().decode(this.bytes(field));
  }

  #elements(field: number, elementBytes: number): number[] {
    const place = this.#place(field);
    if (place === undefined) return [];
    const { start, length } = this.#file.list(this.#file.follow(place), elementBytes);
    return Array.from({ length }, (_, i) => start + i * elementBytes);
  }

  /** After two sizes stands, for each field, how far from the table's start it lies: 0 for none. */
  #place(field: number): number | undefined {
    const slot = this.#fields + 4 + 2 * field;
    if (slot + 2 > this.#fieldsEnd) return undefined;
    const distance = this.#file.read('uint16', slot);
    return distance === 0 ? undefined : this.#start + distance;
  }
}
