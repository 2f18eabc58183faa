import { inWords } from '../options/check-options.js';
import { isPlainObject } from '../options/option-rules.js';

/** One file: as a user picked it, or its bytes. */
export type UnsignedFile = Blob | ArrayBuffer | ArrayBufferView<ArrayBuffer>;

/** The one file of a model, or all of them by name: `{ 'model.onnx': file, 'model.onnx.data': file }`. */
export type UnsignedFiles = UnsignedFile | Readonly<Record<string, UnsignedFile>>;

/** What a file is called that comes without a name. */
const NAMELESS = 'model';

/**
 * The files as Blobs by name: those cross to a worker by reference, and are still there when it has
 * to be replaced. Bytes are copied, so that the caller may change its own.
 *
 * @throws TypeError for what is no file
 */
export function toBlobs(files: UnsignedFiles): Readonly<Record<string, Blob>> {
  const only = toBlob(files);
  if (only) return { [nameOf(files)]: only };
  if (!isPlainObject(files)) throw noFile('the model', files);
  const entries = Object.entries(files).map(([name, file]) => {
    const blob = toBlob(file);
    if (!blob) throw noFile(`'${name}'`, file);
    return [name, blob] as const;
  });
  if (entries.length === 0) throw noFile('the model', files);
  return Object.fromEntries(entries);
}

function toBlob(file: unknown): Blob | undefined {
  if (file instanceof Blob) return file;
  if (file instanceof ArrayBuffer || (ArrayBuffer.isView(file) && !isShared(file))) {
    return new Blob([file as ArrayBuffer]);
  }
  return undefined;
}

/** Of which a Blob takes none. */
function isShared(file: unknown): boolean {
  const memory = ArrayBuffer.isView(file) ? file.buffer : file;
  return Object.prototype.toString.call(memory) === '[object SharedArrayBuffer]';
}

function nameOf(file: UnsignedFiles): string {
  const { name } = file as { name?: unknown };
  return typeof name === 'string' && name !== '' ? name : NAMELESS;
}

function noFile(what: string, got: unknown): TypeError {
  return new TypeError(
    `openUnsigned: expected ${what} to be a File, a Blob or bytes, or several of them by name; got ` +
      (isShared(got) ? 'memory that is shared' : inWords(got)),
  );
}
