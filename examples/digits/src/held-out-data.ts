export const DIGIT_SIDE = 28;
const DIGIT_BYTES = DIGIT_SIDE * DIGIT_SIDE;

export interface HeldOutDigit {
  readonly label: string;
  /** 28 rows of 28 bytes; 0 is paper, 255 is ink. */
  readonly pixels: Uint8Array;
}

export async function fetchHeldOut(): Promise<HeldOutDigit[]> {
  const [bytes, labels] = await Promise.all([
    fetchFile('./held-out.bin').then((response) => response.bytes()),
    fetchFile('./held-out-labels.json').then((response) => response.json() as Promise<number[]>),
  ]);
  if (bytes.length !== labels.length * DIGIT_BYTES) {
    throw new Error(`Expected ${labels.length} digits of 784 bytes, got ${bytes.length} bytes.`);
  }
  return labels.map((label, i) => ({
    label: String(label),
    pixels: bytes.subarray(i * DIGIT_BYTES, (i + 1) * DIGIT_BYTES),
  }));
}

async function fetchFile(address: string): Promise<Response> {
  const response = await fetch(address);
  if (response.ok) return response;
  throw new Error(`Expected ${address} from the server, got HTTP ${response.status}.`);
}

/** White ink on black, as a picture. */
export function digitImage({ pixels }: HeldOutDigit): ImageData {
  const image = new ImageData(DIGIT_SIDE, DIGIT_SIDE);
  pixels.forEach((value, i) => {
    image.data.set([value, value, value, 255], 4 * i);
  });
  return image;
}

/**
 * Digits as PNG files, which is what an app would have. All at once: a page's canvas encodes when
 * it is idle, and one after the other took 80 ms each.
 */
export async function digitPngs(digits: readonly HeldOutDigit[]): Promise<Blob[]> {
  return Promise.all(
    digits.map((digit) => {
      const canvas = new OffscreenCanvas(DIGIT_SIDE, DIGIT_SIDE);
      canvas.getContext('2d')?.putImageData(digitImage(digit), 0, 0);
      return canvas.convertToBlob({ type: 'image/png' });
    }),
  );
}
