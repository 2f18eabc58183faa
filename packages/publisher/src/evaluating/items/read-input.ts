import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { describe, type ModelSpec, type NearsideError } from '@nearside/core';
import { decodeAudio } from '@nearside/pipeline';
import { itemInvalid } from '../item-error.js';
import { decodePicture } from './decode-picture.js';
import { findInside } from './find-inside.js';
import type { InputKind } from './input-kind.js';
import type { GivenItem } from './list-items.js';
import { readTensors } from './read-tensors.js';

/** The bytes of a picture or sound; of others the value. */
export async function readContent(
  folder: string,
  { name, file, value }: GivenItem,
  kind: InputKind,
): Promise<unknown> {
  if (kind !== 'picture' && kind !== 'sound') {
    return file === undefined ? value : readValue(folder, file, kind);
  }
  const listed = file ?? value;
  if (typeof listed === 'string') return readFile(await findInside(folder, listed, name));
  throw itemInvalid(name, `the path of a ${kind} in the folder`, describe(listed));
}

export async function decodeInput(
  content: unknown,
  of: { readonly name: string; readonly kind: InputKind; readonly spec: ModelSpec },
): Promise<unknown> {
  const { name, kind, spec } = of;
  if (kind === 'picture') return decodePicture(content as Uint8Array, name);
  if (kind === 'sound') {
    const { channels, sampleRateHz } = await decodeAudio(
      new Blob([content as Uint8Array<ArrayBuffer>]),
    );
    return { samples: channels, sampleRateHz };
  }
  if (kind === 'tensors') return readTensors(content, { spec, name });
  const isFitting =
    kind === 'text'
      ? typeof content === 'string'
      : typeof content === 'object' && content !== null && !Array.isArray(content);
  if (isFitting) return content;
  throw itemInvalid(name, kind === 'text' ? 'a text' : 'a record of features', describe(content));
}

/** A file of JSON, or of text. */
async function readValue(folder: string, file: string, kind: InputKind): Promise<unknown> {
  const text = await readFile(await findInside(folder, file, file), 'utf8');
  if (kind === 'text' && extname(file) !== '.json') return text;
  try {
    return JSON.parse(text);
  } catch {
    if (kind === 'tensors' && PICTURE.test(file)) throw pictureForTensors(file);
    throw itemInvalid(file, 'JSON', 'something else', 'metadata-malformed');
  }
}

const PICTURE = /\.(?:jpe?g|png|webp)$/i;

/** A model file says nothing of pictures, so who drafts it has to. */
function pictureForTensors(file: string): NearsideError {
  const got =
    'a picture. If the model classifies pictures, add `--task image-classification --labels <file>`';
  return itemInvalid(file, 'JSON, because the model takes tensors', got, 'metadata-malformed');
}
