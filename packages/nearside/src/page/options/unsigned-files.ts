import { kindOf } from '@nearside/core';
import type { ModelReference, UnsignedFiles, UnsignedSpec } from '../../shared/api/open-options.js';
import { isPlainObject } from '../../shared/option-kinds.js';

/** Files by name, each as it is or by its address. */
export type GivenFiles = Readonly<Record<string, Blob | string>>;

/** The name of a file that comes without one. */
const NAMELESS = 'model';

/**
 * The files by name, each as an address or a Blob: Blobs cross to a worker by reference, and are still there when it has
 * to be replaced. Bytes are copied, so that the caller may change its own.
 *
 * @returns undefined where one is no file, there is none, or it is a reference: `refuse-unsigned.ts` has the words
 */
export function namedFiles(files: UnsignedFiles): GivenFiles | undefined {
  if (isReference(files)) return undefined;
  const only = toFile(files);
  if (only !== undefined) return { [nameOf(files)]: only };
  const given = Object.entries(isPlainObject(files) ? files : {});
  const entries = given.map(([name, file]) => [name, toFile(file)] as const);
  const areFiles = entries.length > 0 && entries.every(([, file]) => file !== undefined);
  return areFiles ? (Object.fromEntries(entries) as GivenFiles) : undefined;
}

/** True for what `open` takes in the place of an address: no file of a model is called `url`. */
export function isReference(files: unknown): files is ModelReference<unknown, unknown> {
  return isPlainObject(files) && typeof toFile(files.url) === 'string';
}

/** @returns the spec as it is now, for the worker; undefined where a field is no data */
export function copySpec(spec: UnsignedSpec): UnsignedSpec | undefined {
  try {
    return isPlainObject(spec) ? structuredClone(spec) : undefined;
  } catch {
    return undefined;
  }
}

/** @returns undefined for what is no file */
export function toFile(file: unknown): Blob | string | undefined {
  if (typeof file === 'string' || kindOf(file) === 'URL') return String(file);
  if (file instanceof Blob) return file;
  if (file instanceof ArrayBuffer || (ArrayBuffer.isView(file) && !isShared(file))) {
    return new Blob([file as ArrayBuffer]);
  }
  return undefined;
}

/** True for shared memory, which a Blob does not take. */
export function isShared(file: unknown): boolean {
  return kindOf(ArrayBuffer.isView(file) ? file.buffer : file) === 'SharedArrayBuffer';
}

function nameOf(file: UnsignedFiles): string {
  const address = toFile(file);
  if (typeof address === 'string') return /([^/?#]+)(?:[?#].*)?$/s.exec(address)?.[1] ?? NAMELESS;
  const { name } = file as { name?: unknown };
  return typeof name === 'string' && name !== '' ? name : NAMELESS;
}
