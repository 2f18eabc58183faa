import { parse } from '@nearside/core';
import type * as v from 'valibot';
import { BenchError } from '../problem.ts';

/** What a file or a link says that it is. */
export interface Labels {
  readonly kind: string;
  readonly format: number;
}

/**
 * Reads a result that may come from anybody.
 *
 * @throws BenchError `result-invalid`, saying what was expected and what was got
 */
export function parseAs<const Schema extends v.GenericSchema>(
  schema: Schema,
  text: string,
  labels: Labels,
): v.InferOutput<Schema> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw invalid('Expected a result of this page as JSON, got something else.', cause);
  }
  const { kind, format } = Object(value) as { kind?: unknown; format?: unknown };
  if (kind !== labels.kind)
    throw invalid('Expected a result of this page, got JSON of something else.');
  if (format !== labels.format)
    throw invalid(
      `Expected a result of format ${labels.format}, got format ${String(format).slice(0, 20)}.`,
    );
  try {
    return parse(schema, value, { code: 'metadata-malformed', what: 'The result' });
  } catch (cause) {
    throw invalid((cause as Error).message, cause);
  }
}

function invalid(message: string, cause?: unknown): BenchError {
  return new BenchError('result-invalid', message, { cause });
}
