import { readFile, stat } from 'node:fs/promises';
import { describe, NearsideError } from '@nearside/core';
import { listFiles } from '../../files/list-files.js';
import { isDirectory } from '../../files/stat-path.js';
import { itemInvalid } from '../item-error.js';
import { findInside } from './find-inside.js';

/** Lists inputs, answers and slices, in place of folders of labels. */
const LIST = 'labels.jsonl';

/** A longer list is a data set, bytes. */
const MOST_LIST_BYTES = 256 * 1024 * 1024;

/** An item before its answer is checked and its input read. */
export interface GivenItem {
  readonly name: string;
  /** A file of the folder; otherwise `value` is the input itself. */
  readonly file?: string;
  readonly value?: unknown;
  readonly expected?: unknown;
  readonly slice?: string;
}

/** @returns the items that a folder names, two or more */
export async function listItems(folder: string): Promise<GivenItem[]> {
  const names = (await isDirectory(folder)) ? await listFiles(folder) : undefined;
  if (!names) throw new NearsideError('file-missing', `${folder}: expected a folder, got none.`);
  const given = names.includes(LIST)
    ? await readList(folder)
    : readFolders(names.filter((name) => !/(?:^|\/)\./.test(name)));
  if (given.length >= 2) return given;
  const got = given[0] ? `'${given[0].name}' alone` : 'none';
  throw itemInvalid(folder, 'two items or more to compare variants by', got);
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
