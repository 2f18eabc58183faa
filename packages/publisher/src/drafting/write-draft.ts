import { copyFile, lstat, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { FileNameSchema, Sha256HexSchema } from '@nearside/core';
import * as v from 'valibot';
import { PublisherError } from '../errors/publisher-error.js';
import { EVALUATION_FILE, withoutEvaluation } from '../evaluating/report/write-evaluation.js';
import { digestOf, sha256Hex } from '../files/digests.js';
import { listFiles } from '../files/list-files.js';
import { makeDirectory } from '../files/make-directory.js';
import { readIfFile } from '../files/read-small-file.js';
import { replaceFile, writeIfChanged } from '../files/replace-file.js';
import { isFile } from '../files/stat-path.js';
import { ANSWERS_RECORD } from './golden-script.js';

/** A file of a draft: its content, or the path it is copied from. */
export type DraftedFile = Uint8Array | string;
type DraftedFiles = ReadonlyMap<string, DraftedFile>;

/** Lists the drafted files, so that the next draft can tell which were edited since. */
export const RECORD_FILE = 'draft.json';

const RecordSchema = v.strictObject({
  format: v.literal(1),
  files: v.record(FileNameSchema, Sha256HexSchema),
  /** Those of {@link FILLED_IN} as they were once golden cases were answered. */
  filled: v.optional(v.record(FileNameSchema, Sha256HexSchema)),
});
type DraftRecord = v.InferOutput<typeof RecordSchema>;

const ELSEWHERE = 'choose another directory: `--out` of quantize, `--draft` of pack and seal';

type Digests = Readonly<Record<string, string>>;

/** Whatever answers golden cases writes these files anew. */
const FILLED_IN = new Set(['golden.json', 'baseline.json', ANSWERS_RECORD]);

export interface DraftPlace {
  readonly directory: string;
  readonly files: DraftedFiles;
  readonly digests: Digests;
  readonly earlier: DraftRecord | undefined;
  /** This very draft is there. */
  readonly isThere: boolean;
}

/**
 * Looks at where a draft of a model directory is to be written. The same draft again changes nothing, so the additions of
 * people and golden.py stay. Another draft replaces the earlier one if nobody has edited that.
 *
 * @throws NearsideError `output-exists` when the directory holds anything but an unedited draft
 */
export async function findPlace(directory: string, files: DraftedFiles): Promise<DraftPlace> {
  const digests = await digestsOf(files);
  const earlier = await readRecord(directory);
  const present = new Set(await listFiles(directory));
  const isSame = JSON.stringify(earlier?.files) === JSON.stringify(digests);
  const isThere = isSame && [...files.keys()].every((name) => present.has(name));
  const place = { directory, files, digests, earlier, isThere };
  if (isThere) return place;
  await requireNoLink(directory, present);
  if (earlier) await requireUnedited(directory, earlier, present);
  else await requireEmpty(directory);
  const sources = [...files.values()].filter((file) => typeof file === 'string');
  await requireApart(directory, sources); // they would be removed before they are copied
  return place;
}

/** @param filled the same files, and more, once golden cases were answered; without it they are not yet */
export async function writeDraft(place: DraftPlace, filled?: DraftedFiles): Promise<void> {
  const { directory, files, earlier } = place;
  await makeDirectory(directory);
  await recordDraft(place, filled);
  const before = Object.keys({ ...earlier?.files, ...earlier?.filled });
  for (const name of [EVALUATION_FILE, ...before]) {
    await rm(join(directory, name), { force: true });
  }
  await writeFiles(directory, filled ?? files);
}

/** Notes what a draft is made of, and answers it was filled with, so that the next one can tell what was edited since. */
export async function recordDraft(
  { directory, digests }: DraftPlace,
  filled?: DraftedFiles,
): Promise<void> {
  const answers = [...(filled ?? [])].filter(([name]) => FILLED_IN.has(name));
  const record: DraftRecord = {
    format: 1,
    files: { ...digests },
    ...(filled && { filled: { ...(await digestsOf(new Map(answers))) } }),
  };
  await writeIfChanged(join(directory, RECORD_FILE), `${JSON.stringify(record, null, 2)}\n`);
}

export async function writeFiles(directory: string, files: DraftedFiles): Promise<void> {
  for (const [name, file] of files) {
    const path = join(directory, name);
    await makeDirectory(dirname(path));
    await replaceFile(path, (temporary) =>
      typeof file === 'string' ? copyFile(file, temporary) : writeFile(temporary, file),
    );
  }
}

/**
 * Requires that a directory which is written to has none of the sources in it.
 *
 * @throws NearsideError `output-exists`
 */
export async function requireApart(directory: string, sources: Iterable<string>): Promise<void> {
  const home = await realPlace(directory);
  for (const source of new Set(sources)) {
    const path = relative(home, await realPlace(source));
    if (isAbsolute(path) || path.split(sep)[0] === '..') continue;
    throw new PublisherError(
      'output-exists',
      `${directory}: expected it and ${source} apart, because one is written and the other read; got one in the ` +
        `other. Nothing was changed; ${ELSEWHERE}.`,
      { details: { directory, source } },
    );
  }
}

/** The real path of a file that may not be there yet. */
async function realPlace(path: string): Promise<string> {
  const whole = resolve(path);
  const real = await realpath(whole).catch(() => undefined);
  if (real !== undefined || dirname(whole) === whole) return real ?? whole;
  return join(await realPlace(dirname(whole)), basename(whole));
}

async function digestsOf(files: DraftedFiles): Promise<Digests> {
  const digests: Record<string, string> = {};
  for (const [name, file] of files) {
    digests[name] = await digestOfDrafted(name, file);
  }
  return digests;
}

/** A card counts without the evaluation that a gate writes into it. */
async function digestOfDrafted(name: string, file: DraftedFile): Promise<string> {
  if (name !== 'MODEL.md') return digestOf(file);
  const card = typeof file === 'string' ? await readFile(file) : Buffer.from(file);
  return sha256Hex(withoutEvaluation(card.toString()));
}

async function readRecord(directory: string): Promise<DraftRecord | undefined> {
  try {
    const bytes = await readIfFile(join(directory, RECORD_FILE));
    return bytes && v.parse(RecordSchema, JSON.parse(bytes.toString()));
  } catch {
    return undefined; // not our file, so the directory counts as somebody else's
  }
}

async function requireUnedited(
  directory: string,
  { files, filled = {} }: DraftRecord,
  present: ReadonlySet<string>,
): Promise<void> {
  for (const [name, digest] of Object.entries({ ...files, ...filled })) {
    if (!present.has(name)) continue; // a removed file is not an edited one
    if (FILLED_IN.has(name) && !(name in filled)) continue;
    const file = join(directory, name);
    if ((await isFile(file)) && (await digestOfDrafted(name, file)) === digest) continue;
    throw new PublisherError(
      'output-exists',
      `${directory}: expected the draft as pack left it, because the source or the options ` +
        `have changed; got one whose ${name} was edited. Put the new weights into it and run \`nearside ` +
        `pack ${directory}\`; or ${ELSEWHERE}.`,
      { details: { directory, file: name } },
    );
  }
}

/** A file written through a link lands elsewhere. */
async function requireNoLink(directory: string, present: ReadonlySet<string>): Promise<void> {
  for (const name of present) {
    if (!(await lstat(join(directory, name))).isSymbolicLink()) continue;
    throw new PublisherError(
      'output-exists',
      `${directory}: expected files and folders, because it is written to, got a link: ${name}. Nothing was ` +
        `changed; remove the link, or ${ELSEWHERE}.`,
      { details: { directory, file: name } },
    );
  }
}

async function requireEmpty(directory: string): Promise<void> {
  const [present] = (await listFiles(directory)) ?? [];
  if (present === undefined) return;
  throw new PublisherError(
    'output-exists',
    `${directory}: expected nothing there or a draft of pack, got a directory with '${present}'. ` +
      `Nothing was changed; ${ELSEWHERE}.`,
    { details: { directory, file: present } },
  );
}
