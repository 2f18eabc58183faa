import { parse, TRACE_LIMITS, TracesSchema } from '@nearside/core';
import { expect, test } from 'vitest';
import type { EndedRun } from '../../../shared/ended-run.js';
import type { RunReply } from '../../../shared/protocol.js';
import { SAMPLE_DIMENSIONS } from '../../../testing/sample-dimensions.js';
import { asTraces, spansOf, type TracedRun } from './trace-spans.js';

const { weight: _, ...dimensions } = SAMPLE_DIMENSIONS;
const AT_MS = 1_772_625_720_250;
const reply = {
  output: [{ label: 'MARKER', score: 1 }],
  observation: { bins: [1], predicted: 'MARKER', substituted: [] },
  batch: 3,
  times: { pre: 2, run: 30.5, post: 0.25 },
} as RunReply;
const ok: EndedRun['outcome'] = { kind: 'ok', reply, queueMs: 17.25 };

function traced({ outcome = ok, traceparent }: Partial<TracedRun['run']> = {}) {
  const run = { id: '0badcafe-7', totalMs: 50, outcome, traceparent };
  return spansOf({ run, reason: 'slow', dimensions: { ...dimensions, app: '7.1' }, atMs: AT_MS });
}

test('a run is an inference and its stages one behind the other, as the collector takes them', () => {
  const spans = traced();
  parse(TracesSchema, asTraces(spans), { code: 'input-invalid', what: 'traces' });
  const fromMs = AT_MS - 50;
  const offsets = spans.map(({ name, startTimeUnixNano, endTimeUnixNano }) => [
    name,
    Number(BigInt(startTimeUnixNano) / 1000n) / 1000 - fromMs,
    Number(BigInt(endTimeUnixNano) / 1000n) / 1000 - fromMs,
  ]);
  expect(offsets).toEqual([
    ['inference', 0, 50],
    ['queue', 0, 17.25],
    ['preprocess', 17.25, 19.25],
    ['model', 19.25, 49.75],
    ['postprocess', 49.75, 50],
  ]);
  const [root, ...stages] = spans;
  expect(stages.every(({ parentSpanId }) => parentSpanId === root?.spanId)).toBe(true);
  expect(new Set(spans.map(({ traceId }) => traceId)).size).toBe(1);
});

test('it says what ran, and nothing of what it was given or gave', () => {
  const [root] = traced();
  const said = root && 'attributes' in root ? root.attributes : [];
  const attributes = Object.fromEntries(
    said.map(({ key, value }) => [key, Object.values(value)[0]]),
  );
  expect(attributes).toEqual({
    'nearside.run.id': '0badcafe-7',
    'nearside.model': dimensions.model,
    'nearside.version': dimensions.version,
    'nearside.variant': dimensions.variant,
    'nearside.backend': dimensions.backend,
    'nearside.device': dimensions.device,
    'nearside.app': '7.1',
    'nearside.reason': 'slow',
    'nearside.batch': '3',
  });
  expect(JSON.stringify(root)).not.toContain('MARKER');
});

test('of a run that failed there is its code, and no stage', () => {
  const spans = traced({ outcome: { kind: 'failed', code: 'backend-failed', error: undefined } });
  parse(TracesSchema, asTraces(spans), { code: 'input-invalid', what: 'traces' });
  expect(spans).toMatchObject([{ name: 'inference', status: { code: 2 } }]);
  expect(JSON.stringify(spans)).toContain(
    '{"key":"error.type","value":{"stringValue":"backend-failed"}}',
  );
});

test('a run is within the span that its caller names', () => {
  // the example of W3C Trace Context, section 3.2.3
  const [root] = traced({ traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01' });
  expect(root).toMatchObject({
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    parentSpanId: '00f067aa0ba902b7',
  });
});

test.each([
  '',
  'MARKER',
  '00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01',
  'ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  '00-00000000000000000000000000000000-00f067aa0ba902b7-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01',
  '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x',
])('a traceparent that cannot be read (%j) begins a new trace, and is not sent', (traceparent) => {
  const spans = traced({ traceparent });
  parse(TracesSchema, asTraces(spans), { code: 'input-invalid', what: 'traces' });
  expect(spans[0]).not.toHaveProperty('parentSpanId');
  expect(JSON.stringify(spans)).not.toContain('MARKER');
  expect(spans[0]?.traceId).not.toBe('4bf92f3577b34da6a3ce929d0e0e4736');
});

test('as many runs as are sent at a time are within the limit', () => {
  const spans = Array.from({ length: TRACE_LIMITS.runs }, () => traced()).flat();
  const traces = asTraces(spans);
  parse(TracesSchema, traces, { code: 'input-invalid', what: 'traces' });
  expect(JSON.stringify(traces).length).toBeLessThan(TRACE_LIMITS.bytes);
});
