/**
 * An image as plain numbers: row-major height × width × channels, no padding. Channels are gray
 * (1) or red, green, blue (3). Bytes are 0…255; a `Float32Array` holds any range.
 */
export interface Image {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  readonly channels: 1 | 3;
  /** `height * width * channels` values. */
  readonly data: Uint8ClampedArray | Uint8Array | Float32Array;
}
