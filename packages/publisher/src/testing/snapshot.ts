import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { listFiles } from '../files/list-files.js';

/** Every file of a directory and its content, to tell whether anything changed. */
export async function snapshotOf(directory: string): Promise<Map<string, string>> {
  const names = (await listFiles(directory)) ?? [];
  const contents = await Promise.all(
    names.map((name) => readFile(join(directory, name), 'latin1')),
  );
  return new Map(names.map((name, i) => [name, contents[i] ?? '']));
}
