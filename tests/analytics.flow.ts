import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect, test } from '@playwright/test';
import {
  addBreadcrumb,
  BrowserClient,
  captureException,
  createTransport,
  defaultStackParser,
  type ErrorEvent,
  getCurrentScope,
  setTag,
} from '@sentry/browser';
import { meterRuns } from '../examples/analytics/opentelemetry.js';
import { toEvents } from '../examples/analytics/page-views.js';
import { tellSentry } from '../examples/analytics/sentry.js';
import type { OpenOptions } from '../packages/nearside/dist/index.js';
import { serveDigits } from './digits-repository.js';

let digits: Awaited<ReturnType<typeof serveDigits>>;

test.beforeAll(async () => {
  digits = await serveDigits();
});

test.afterAll(async () => {
  await digits.close();
});

async function openDigits(options: Omit<OpenOptions, 'trust'> = {}) {
  const { open } = await import('../packages/nearside/dist/index.js');
  const { url, trust } = digits.address;
  return open(url, { trust, store: 'memory', policy: { update: 'manual' }, ...options });
}

const PHOTO = { data: new Uint8ClampedArray(28 * 28 * 4).fill(255), width: 28, height: 28 };

test('an error in Sentry has the version of the model, and the failed run before it', async () => {
  const events: ErrorEvent[] = [];
  const client = new BrowserClient({
    dsn: 'https://key@sentry.example/1',
    integrations: [],
    stackParser: defaultStackParser,
    transport: (options) => createTransport(options, async () => ({ statusCode: 200 })),
    beforeSend(event) {
      events.push(event);
      return event;
    },
  });
  getCurrentScope().setClient(client);
  client.init();
  const model = await openDigits();
  const end = tellSentry({ addBreadcrumb, setTag }, model);
  await model.run('no photo' as never).catch(captureException);
  await client.flush(2_000);
  expect(events[0]?.tags).toEqual({ 'model.digits': '1.0.0' });
  expect(events[0]?.breadcrumbs).toEqual([
    expect.objectContaining({ category: 'model.digits', message: 'backend-selected' }),
    expect.objectContaining({
      message: 'a run failed',
      level: 'warning',
      data: expect.objectContaining({ code: 'input-invalid' }),
    }),
  ]);
  end();
  await model.close();
});

test('an OpenTelemetry SDK has the runs of a model in a histogram, those that failed by their code', async () => {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter });
  const meter = new MeterProvider({ readers: [reader] }).getMeter('app');
  const model = await openDigits();
  const end = meterRuns(meter, model);
  await Promise.all([model.run(PHOTO), model.run(PHOTO)]);
  await model.run('no photo' as never).catch(() => {});
  end();
  await model.run(PHOTO);
  await reader.forceFlush();
  const [metric] = exporter
    .getMetrics()
    .flatMap(({ scopeMetrics }) => scopeMetrics[0]?.metrics ?? []);
  const points = (metric?.dataPoints ?? []) as {
    value: { count: number; max?: number };
    attributes: object;
  }[];
  expect(metric?.descriptor).toMatchObject({ name: 'nearside.run.duration', unit: 's' });
  const serving = {
    'model.name': 'digits',
    'model.version': '1.0.0',
    'model.backend': model.stats().backend,
  };
  expect(points.map(({ value, attributes }) => [value.count, attributes])).toEqual([
    [2, serving],
    [1, { ...serving, 'error.type': 'input-invalid' }],
  ]);
  expect(points[0]?.value.max).toBeLessThan(60); // seconds
  await reader.shutdown();
  await model.close();
});

test('analytics of page views get one event for each report, and again what they refused', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'nearside-analytics-'));
  const events: unknown[] = [];
  const open = (track: Parameters<typeof toEvents>[0]) =>
    openDigits({ store: { directory }, report: { to: toEvents(track), app: '2.1' } });
  const down = await open(async () => {
    throw new Error('no quota');
  });
  await down.run(PHOTO);
  await down.run('no photo' as never).catch(() => {});
  await down.close();
  expect(down.stats().reports?.problem).toBe(
    'report.to: expected a promise that resolves, got no quota',
  );
  const up = await open((name, properties) => events.push([name, properties]));
  await up.close();
  const common = { model: 'digits', version: '1.0.0', device: 'server', failed: 0, notOpened: 0 };
  expect(events).toEqual([
    ['model used', expect.objectContaining({ ...common, runs: 1, opens: 1 })],
    ['model used', expect.objectContaining({ ...common, runs: 0, opens: 1 })],
  ]);
  await rm(directory, { recursive: true });
});
