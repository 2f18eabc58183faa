import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Contribution } from '../counting/contribution.js';
import { sampleContribution } from './sample-report.js';

const FOLDER = new URL('../../fixtures/schemas/', import.meta.url);

type Sent = NonNullable<Parameters<typeof sampleContribution>[0]> & { readonly sent: number };

/** The reports that were sent to each file, by the name of its schema. */
const SENT = JSON.parse(readFileSync(new URL('reports.json', FOLDER), 'utf8')) as Record<
  string,
  readonly Sent[]
>;

/** Every schema that a file has had. Each file was made by the code of its time (`fixtures/schemas/make.mjs`). */
export const SCHEMA_NAMES: readonly string[] = Object.keys(SENT);

/** Writes the file of a schema, with two reports that its process had acknowledged and not yet counted. */
export function placeSchemaFile(schema: string, file: string): void {
  writeFileSync(file, gunzipSync(readFileSync(new URL(`${schema}.sqlite.gz`, FOLDER))));
}

/** Makes the contributions of the reports that were sent to a file, as a collector of today does. */
export function contributionsTo(schema: string): Contribution[] {
  return (SENT[schema] ?? []).map((report) =>
    sampleContribution(report, { nowMs: report.sent + 1000 }),
  );
}
