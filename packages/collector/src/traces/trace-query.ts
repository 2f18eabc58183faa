import { isNearsideError, ModelNameSchema, parse } from '@nearside/core';
import * as v from 'valibot';
import type { TraceQuery } from '../counting/rollup-store.js';
import type { Refusal } from '../refusals/refusal.js';

/** An answer has so many traces, unless fewer are asked for. */
const MOST = 100;

const QuerySchema = v.strictObject({
  model: ModelNameSchema,
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,4}$/, `a number from 1 to ${MOST}`),
      v.transform(Number),
      v.minValue(1, `a number from 1 to ${MOST}`),
      v.maxValue(MOST, `a number from 1 to ${MOST}`),
    ),
  ),
});

export type ParsedTraceQuery =
  | { readonly ok: true; readonly query: TraceQuery }
  | { readonly ok: false; readonly refusal: Refusal };

export function parseTraceQuery(raw: unknown): ParsedTraceQuery {
  try {
    const { model, limit = MOST } = parse(QuerySchema, raw, {
      code: 'input-invalid',
      what: 'query',
    });
    return { ok: true, query: { model, limit } };
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    const { path, expected, got } = error.details;
    const details = { path, expected, got };
    return { ok: false, refusal: { code: 'query-invalid', message: error.message, details } };
  }
}
