import { ModelNameSchema } from '@nearside/core';
import * as v from 'valibot';
import { type Parsed, parseRequest } from '../refusals/read-request.js';
import type { TraceQuery } from '../store/rollup-store.js';

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
    String(MOST),
  ),
});

export function parseTraceQuery(raw: unknown): Parsed<TraceQuery> {
  return parseRequest(QuerySchema, raw, 'query');
}
