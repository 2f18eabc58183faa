import { parse } from '@nearside/core';
import * as v from 'valibot';
import { readSmallFile } from '../files/read-small-file.js';

const IndexedSchema = v.record(v.pipe(v.string(), v.regex(/^\d+$/)), v.string());
const ConfigSchema = v.looseObject({ id2label: IndexedSchema });

/** Hugging Face's config.json has the labels in it. */
const LabelsSchema = v.union([v.array(v.string()), IndexedSchema, ConfigSchema]);

/**
 * Reads the labels of a classifier: one on each line, a JSON array, or an object of labels by their index.
 *
 * @returns labels by their index, as the step `top-k` has them
 * @throws NearsideError `file-missing` or `model-invalid`
 */
export async function readLabels(path: string): Promise<Record<string, string>> {
  const bytes = await readSmallFile(path, { what: 'labels', tooLarge: 'model-invalid' });
  const text = bytes.toString().trim();
  if (!/^[[{]/.test(text)) return byIndex(text.split(/\r?\n/).map((line) => line.trim()));
  const read = parse(LabelsSchema, readJson(text), { code: 'model-invalid', what: path });
  if (Array.isArray(read)) return byIndex(read);
  return v.is(ConfigSchema, read) ? read.id2label : (read as Record<string, string>);
}

function byIndex(labels: readonly string[]): Record<string, string> {
  return Object.fromEntries(labels.map((label, i) => [`${i}`, label]));
}

/** The schema reports a text that is no JSON. */
function readJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
