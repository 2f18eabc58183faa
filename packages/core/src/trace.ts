import * as v from 'valibot';
import { ModelNameSchema, VersionSchema } from './model-spec.js';
import { STAGE_SPANS, TRACE_LIMITS, TRACE_REASONS } from './report-format.js';

const NANOSECONDS = /^\d{1,19}$/;

/** Unix time in nanoseconds. It has 64 bits, so JSON holds it as text. */
const UnixNano = v.pipe(v.string(), v.regex(NANOSECONDS, 'nanoseconds as text'));
const TraceId = v.pipe(v.string(), v.regex(/^(?!0+$)[0-9a-f]{32}$/, '32 hex digits, not all 0'));
const SpanId = v.pipe(v.string(), v.regex(/^(?!0+$)[0-9a-f]{16}$/, '16 hex digits, not all 0'));
/** A code of this library or of a newer one. */
const Name = v.pipe(
  v.string(),
  v.regex(/^[a-z][a-z0-9-]{0,39}$/, 'a name of lower-case letters, digits and hyphens'),
);

function text<const Key extends string, Value extends v.GenericSchema<string>>(
  key: Key,
  value: Value,
) {
  return v.strictObject({ key: v.literal(key), value: v.strictObject({ stringValue: value }) });
}

/** Attributes of a run's span. */
const RunAttributeSchema = v.variant('key', [
  /** `meta.id`: a random id of the visit, and the number of the run in it. */
  text(
    'nearside.run.id',
    v.pipe(v.string(), v.regex(/^[0-9a-f]{8}-\d{1,9}$/, '8 hex digits, - and a number')),
  ),
  text('nearside.model', ModelNameSchema),
  text('nearside.version', VersionSchema),
  text('nearside.variant', ModelNameSchema),
  text('nearside.backend', Name),
  text('nearside.device', Name),
  text('nearside.app', v.pipe(v.string(), v.minLength(1), v.maxLength(32))),
  text('nearside.reason', v.picklist(TRACE_REASONS)),
  /** The code of a run that failed. Its text is not sent. */
  text('error.type', Name),
  v.strictObject({
    key: v.literal('nearside.batch'),
    value: v.strictObject({
      intValue: v.pipe(v.string(), v.regex(/^[1-9]\d{0,5}$/, 'a whole number as text')),
    }),
  }),
]);

const times = {
  traceId: TraceId,
  spanId: SpanId,
  /** SPAN_KIND_INTERNAL */
  kind: v.literal(1),
  startTimeUnixNano: UnixNano,
  endTimeUnixNano: UnixNano,
};

const REQUIRED = ['nearside.run.id', 'nearside.model', 'nearside.version', 'nearside.reason'];

const SpanSchema = v.pipe(
  v.variant('name', [
    v.strictObject({
      name: v.literal('inference'),
      ...times,
      /** The parent is the span that the caller named. */
      parentSpanId: v.optional(SpanId),
      attributes: v.pipe(
        v.array(RunAttributeSchema),
        v.maxLength(RunAttributeSchema.options.length),
        v.check(
          (list) => new Set(list.map(({ key }) => key)).size === list.length,
          'attributes of different keys',
        ),
        v.check(
          (list) => REQUIRED.every((key) => list.some((attribute) => attribute.key === key)),
          `the attributes ${REQUIRED.join(', ')}`,
        ),
      ),
      /** STATUS_CODE_ERROR */
      status: v.optional(v.strictObject({ code: v.literal(2) })),
    }),
    v.strictObject({ name: v.picklist(STAGE_SPANS), ...times, parentSpanId: SpanId }),
  ]),
  v.check(
    ({ startTimeUnixNano, endTimeUnixNano }) =>
      !NANOSECONDS.test(startTimeUnixNano) ||
      !NANOSECONDS.test(endTimeUnixNano) ||
      BigInt(startTimeUnixNano) <= BigInt(endTimeUnixNano),
    'an end that is not before its start',
  ),
);

export type TraceSpan = v.InferOutput<typeof SpanSchema>;

/**
 * Traces of single runs as a device sends them: a part of an OTLP/HTTP request (`ExportTraceServiceRequest` as JSON).
 * Times and names only: no input, no output, no label, no text of an error. Unknown fields are refused.
 * `docs/privacy.md` says what each is.
 */
export const TracesSchema = v.strictObject({
  resourceSpans: v.strictTuple([
    v.strictObject({
      resource: v.strictObject({
        attributes: v.strictTuple([text('service.name', v.literal('nearside'))]),
      }),
      scopeSpans: v.strictTuple([
        v.strictObject({
          scope: v.strictObject({ name: v.literal('nearside'), version: VersionSchema }),
          spans: v.pipe(
            v.array(SpanSchema),
            v.minLength(1),
            v.maxLength(TRACE_LIMITS.runs * (1 + STAGE_SPANS.length)),
            v.check(areWhole, 'each stage once, within the inference that it is of'),
          ),
        }),
      ]),
    }),
  ]),
});

export type Traces = v.InferOutput<typeof TracesSchema>;

/** @returns true if every stage has its inference among the spans, and none is there twice */
function areWhole(spans: TraceSpan[]): boolean {
  const idOf = ({ traceId }: TraceSpan, span: string | undefined) => `${traceId} ${span}`;
  const runs = spans.filter(({ name }) => name === 'inference');
  const ids = new Set(runs.map((run) => idOf(run, run.spanId)));
  const stages = spans.filter(({ name }) => name !== 'inference');
  const places = stages.map((stage) => `${idOf(stage, stage.parentSpanId)} ${stage.name}`);
  return (
    runs.length <= TRACE_LIMITS.runs &&
    new Set(spans.map((span) => idOf(span, span.spanId))).size === spans.length &&
    stages.every((stage) => ids.has(idOf(stage, stage.parentSpanId))) &&
    new Set(places).size === places.length
  );
}
