import { join } from 'node:path';
import { type NearsideError, parse } from '@nearside/core';
import * as v from 'valibot';
import { PublisherError } from '../errors/publisher-error.js';
import { readSmallFile } from '../files/read-small-file.js';
import { writeIfChanged } from '../files/replace-file.js';
import { exists } from '../files/stat-path.js';
import { TUF_ROLES, type TufRole } from './key-files.js';

/** How many keys of a role must sign, until root metadata says it. This is no secret. */
export type Thresholds = Readonly<Partial<Record<TufRole, number>>>;

const Threshold = v.optional(
  v.strictObject({ threshold: v.pipe(v.number(), v.safeInteger(), v.minValue(1)) }),
);
const RolesFileSchema = v.strictObject({
  root: Threshold,
  targets: Threshold,
  snapshot: Threshold,
  timestamp: Threshold,
});

/** `roles.json` lies beside the keys. It has the thresholds that `keygen --threshold` chose for the first root. */
export function rolesFile(directory: string): string {
  return join(directory, 'roles.json');
}

/** @throws NearsideError `key-unusable` when the file is not of its schema, or `file-missing` */
export async function readThresholds(directory: string | undefined): Promise<Thresholds> {
  if (directory === undefined) return {};
  const file = rolesFile(directory);
  if (!(await exists(file))) return {};
  const what = { what: 'how many keys of a role must sign', tooLarge: 'key-unusable' } as const;
  const text = (await readSmallFile(file, what)).toString();
  const roles = parseRoles(parseText(text, file), file);
  const thresholds = TUF_ROLES.map((role) => [role, roles[role]?.threshold] as const);
  return Object.fromEntries(thresholds.filter(([, threshold]) => threshold !== undefined));
}

export async function writeThresholds(directory: string, thresholds: Thresholds): Promise<void> {
  const roles = Object.entries(thresholds).map(([role, threshold]) => [role, { threshold }]);
  await writeIfChanged(
    rolesFile(directory),
    `${JSON.stringify(Object.fromEntries(roles), null, 2)}\n`,
  );
}

function parseRoles(value: unknown, file: string): v.InferOutput<typeof RolesFileSchema> {
  try {
    return parse(RolesFileSchema, value, { code: 'metadata-malformed', what: file });
  } catch (error) {
    const { message, details } = error as NearsideError;
    throw new PublisherError('key-unusable', message, { details });
  }
}

function parseText(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new PublisherError(
      'key-unusable',
      `${file}: expected JSON, got other text. \`nearside keygen --threshold\` writes it.`,
      { details: { file } },
    );
  }
}
