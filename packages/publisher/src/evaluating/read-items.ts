import { readFile, realpath, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { describe, type ModelSpec, NearsideError, stagesOf } from '@nearside/core';
import { decodeAudio } from '@nearside/pipeline';
import { sha256Hex } from '../files/digests.js';
import { listFiles } from '../files/list-files.js';
import { isDirectory } from '../files/stat-path.js';
import { answersOf } from './answers.js';
import { decodePicture } from './decode-picture.js';
import { itemInvalid, namingItem } from './item-error.js';
import { readTensors } from './read-tensors.js';

/** One input of a folder, with what is right for it. */
export interface EvaluationItem {
  /** Its path in the folder, or `labels.jsonl, line 3`. */
  readonly name: string;
  /** Decodes what `model.run` takes, anew at each call: the photos of a folder together fit into no memory. */
  readInput(): Promise<unknown>;
  /** SHA-256 of its input as it lies in the folder. */
  readonly sha256: string;
  /** As `answersOf` has it. Without it the reference variant's own answer is the right one. */
  readonly expected?: unknown;
  /** Items that are judged by themselves, too. */
  readonly slice?: string;
}

/** Lists inputs, answers and slices, in place of folders of labels. */
const LIST = 'labels.jsonl';

/** A longer list is a data set, bytes. */
const MOST_LIST_BYTES = 256 * 1024 * 1024;

/** An item before its answer is checked and its input read. */
interface GivenItem {
  readonly name: string;
  /** A file of the folder; otherwise `value` is the input itself. */
  readonly file?: string;
  readonly value?: unknown;
  readonly expected?: unknown;
  readonly slice?: string;
}

/**
 * Reads the items of a folder: `<label>/<file>`, files without labels, or `labels.jsonl` with `input`, `expected` and
 * `slice` in each line. Each input is decoded once, to see that it can be.
 *
 * @throws NearsideError naming the item: `input-invalid` for an answer that the task cannot have, or fewer than two
 *   items, or an input that is there twice; `decode-failed`; `file-missing`; `name-unsafe` for a path or link that leaves the folder;
 *   `metadata-malformed` and `metadata-too-large` for the list
 */
export async function readItems(folder: string, spec: ModelSpec): Promise<EvaluationItem[]> {
  const names = (await isDirectory(folder)) ? await listFiles(folder) : undefined;
  if (!names) throw new NearsideError('file-missing', `${folder}: expected a folder, got none.`);
  const given = names.includes(LIST)
    ? await readList(folder)
    : readFolders(names.filter((name) => !/(?:^|\/)\./.test(name)));
  if (given.length < 2) {
    const got = given[0] ? `'${given[0].name}' alone` : 'none';
    throw itemInvalid(folder, 'two items or more to compare variants by', got);
  }
  const { parseExpected } = answersOf(spec);
  const kind = inputKindOf(spec);
  const items = new Map<string, EvaluationItem>();
  for (const one of given) {
    const { name, expected, slice } = one;
    const content = await readContent(folder, one, kind);
    const sha256 = sha256Hex(
      content instanceof Uint8Array ? content : canonicalJson(content, name),
    );
    const decode = (content: unknown) =>
      namingItem(name, () => decodeInput(content, { name, kind, spec }));
    await decode(content);
    const parsed = expected === undefined ? undefined : parseExpected(expected, name);
    const same = items.get(sha256);
    if (same) throw itemInvalid(name, 'another input than of each other item', `'${same.name}'`);
    const readInput = async () => decode(await readContent(folder, one, kind));
    const item = { name, readInput, sha256, expected: parsed };
    items.set(sha256, slice === undefined ? item : { ...item, slice });
  }
  return [...items.values()];
}

/** The same for records whose features stand in another order. */
function canonicalJson(value: unknown, item: string): string {
  try {
    return JSON.stringify(value, (_, part) => {
      const isRecord = typeof part === 'object' && part !== null && !Array.isArray(part);
      return isRecord ? Object.fromEntries(Object.entries(part).sort()) : part;
    });
  } catch {
    throw itemInvalid(item, 'an input', 'arrays nested more deeply than can be read');
  }
}

/** One digest of all items: of their inputs, and of what is expected of them. */
export function itemsDigest(items: readonly EvaluationItem[]): string {
  const lines = items.map(({ name, sha256, expected, slice }) =>
    JSON.stringify([name, sha256, expected, slice]),
  );
  return sha256Hex(lines.sort().join('\n'));
}

/** Files in folders that are named after their label, or files alone. */
function readFolders(names: readonly string[]): GivenItem[] {
  const [first = ''] = names;
  const depth = first.split('/').length;
  return names.map((name) => {
    const parts = name.split('/');
    if (parts.length !== depth || depth > 2) {
      const expected = `<label>/<file> of all items, files without folders, or ${LIST}`;
      throw itemInvalid(name, expected, `this path beside '${first}'`);
    }
    return depth === 2 ? { name, file: name, expected: parts[0] } : { name, file: name };
  });
}

async function readList(folder: string): Promise<GivenItem[]> {
  const path = await findInside(folder, LIST, LIST);
  const { size } = await stat(path);
  if (size > MOST_LIST_BYTES) {
    const [expected, got] = [`at most ${MOST_LIST_BYTES} bytes`, `${size}`];
    throw itemInvalid(LIST, expected, got, 'metadata-too-large');
  }
  const text = (await readFile(path, 'utf8')).replace(/^\ufeff/, ''); // Windows writes a byte-order mark
  const lines = text.split(/\r?\n/);
  return lines.flatMap((line, i) =>
    line.trim() ? [readLine(line, `${LIST}, line ${i + 1}`)] : [],
  );
}

function readLine(line: string, name: string): GivenItem {
  const { input, expected, slice, ...others } = parseLine(line, name);
  const other = Object.keys(others)[0];
  const malformed = (what: string, got: string) =>
    itemInvalid(name, what, got, 'metadata-malformed');
  if (other !== undefined) throw malformed("'input', 'expected' and 'slice'", `'${other}'`);
  if (input === undefined) throw malformed("'input'", 'none');
  if (slice === undefined) return { name, value: input, expected };
  if (typeof slice === 'string' && SLICE.test(slice))
    return { name, value: input, expected, slice };
  throw malformed('a slice of 1 to 100 characters without control characters', describe(slice));
}

const SLICE = /^[^\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]{1,100}$/u;

function parseLine(line: string, name: string): Readonly<Record<string, unknown>> {
  try {
    const value = JSON.parse(line);
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch {}
  throw itemInvalid(name, 'a JSON object', line.slice(0, 40), 'metadata-malformed');
}

type InputKind = 'picture' | 'sound' | 'record' | 'text' | 'tensors';

function inputKindOf(spec: ModelSpec): InputKind {
  const step = stagesOf(spec)[0]?.preprocessing[0]?.step;
  if (step === 'decode-image') return 'picture';
  if (step === 'decode-audio') return 'sound';
  if (spec.features) return 'record';
  return spec.task === 'text-classification' ? 'text' : 'tensors';
}

/** The bytes of a picture or sound; of others the value. */
async function readContent(
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

async function decodeInput(
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
    throw itemInvalid(file, 'JSON', 'something else', 'metadata-malformed');
  }
}

/** @throws NearsideError `name-unsafe` where it leads out of the folder, `file-missing` where there is no file */
async function findInside(folder: string, name: string, item: string): Promise<string> {
  const base = await realpath(folder);
  const path = join(base, name);
  const got = `'${name}', which leads out of it`;
  const isInside = (one: string) => one.startsWith(base.endsWith(sep) ? base : base + sep);
  if (!isInside(path)) throw itemInvalid(item, `a file in ${folder}`, got, 'name-unsafe');
  const real = await realpath(path).catch(() => undefined);
  if (real === undefined || !(await stat(real)).isFile()) {
    throw itemInvalid(item, `a file in ${folder}`, `'${name}', which is none`, 'file-missing');
  }
  if (!isInside(real)) throw itemInvalid(item, `a file in ${folder}`, got, 'name-unsafe');
  return real;
}
