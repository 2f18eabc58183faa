import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Answers, createAsking, Unanswered } from '../../dashboard/asking/ask.js';
import { FIELDS, QUESTIONS, type QuestionName } from '../../dashboard/asking/questions.js';
import { momentOf } from '../../dashboard/state/moment.js';
import { readPageState } from '../../dashboard/state/page-state.js';

const MOMENT = momentOf(
  readPageState(''),
  { model: 'digits', versions: [], firstMs: 0, lastMs: 0 },
  { nowMs: Date.UTC(2026, 2, 6), minDevices: 1 },
);

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** Answers each question by the last part of its address. */
function stubCollector(answer: (path: string, signal: AbortSignal) => Promise<Response>): void {
  vi.stubGlobal('fetch', (address: string, { signal }: { signal: AbortSignal }) =>
    answer(/fleet\/(\w+)/.exec(address)?.[1] ?? '', signal),
  );
}

function ask(names: readonly QuestionName[]) {
  const asking = createAsking(names);
  const said: Answers[] = [];
  return {
    said,
    refresh: () =>
      asking.refresh(MOMENT, new AbortController().signal, (answers) => said.push(answers)),
  };
}

const answerOf = (path: string) => ({
  path,
  ...Object.fromEntries((FIELDS[path] ?? []).map((field) => [field, null])),
});
const answerWith = async (path: string) => Response.json(answerOf(path));

test('a question that hangs holds up no other for longer than three seconds', async () => {
  stubCollector((path) => (path === 'latency' ? new Promise(() => {}) : answerWith(path)));
  const { said, refresh } = ask(['latency', 'canary']);
  void refresh();
  await vi.advanceTimersByTimeAsync(2900);
  expect(said.at(-1)).toEqual({});
  await vi.advanceTimersByTimeAsync(200);
  expect(said.at(-1)).toEqual({ canary: answerOf('canary') });
});

test('a browser that keeps no data for this site gets its answers, and is not loaded again for ever', async () => {
  const reload = vi.fn();
  const denied = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  vi.stubGlobal('sessionStorage', { getItem: denied, setItem: denied });
  vi.stubGlobal('location', { reload });
  stubCollector(async (path) =>
    path === 'latency' ? answerWith(path) : new Response('', { status: 401 }),
  );
  const { said, refresh } = ask(['latency', 'canary']);
  await refresh();
  expect(said.at(-1)).toMatchObject({ latency: answerOf('latency') });
  expect(reload).not.toHaveBeenCalled();
});

test('a login page in place of an answer is not called a collector that is away', async () => {
  stubCollector(async () => new Response('<html>', { status: 200 }));
  const { said, refresh } = ask(['latency']);
  await refresh();
  expect(said.at(-1)?.latency).toMatchObject({ message: expect.stringContaining('login page') });
});

test('a dropped connection leaves one question without an answer, and is asked again', async () => {
  let isGone = true;
  stubCollector(async (path) => {
    if (isGone && path === 'latency') throw new TypeError('reset');
    return answerWith(path);
  });
  const { said, refresh } = ask(['latency', 'canary']);
  await refresh();
  expect(said.at(-1)).toEqual({
    latency: new Unanswered('The collector does not answer.', { isForNow: true }),
    canary: answerOf('canary'),
  });
  isGone = false;
  await refresh();
  expect(said.at(-1)).toEqual({ latency: answerOf('latency'), canary: answerOf('canary') });
});

test('an answer that cannot be had again stays, with its time and the reason', async () => {
  let isBusy = false;
  stubCollector(async (path) =>
    isBusy ? Response.json({ error: { message: 'Busy.' } }, { status: 503 }) : answerWith(path),
  );
  const { said, refresh } = ask(['latency']);
  const sinceMs = Date.now();
  await refresh();
  isBusy = true;
  for (let i = 0; i < 2; i += 1) {
    await vi.advanceTimersByTimeAsync(15_000);
    await refresh();
    const late = { sinceMs, message: 'The collector answered 503. Busy.' };
    expect(said.at(-1)).toEqual({ latency: { ...answerOf('latency'), late } });
  }
  isBusy = false;
  await refresh();
  expect(said.at(-1)).toEqual({ latency: answerOf('latency') });
});

test('an answer that lacks a field is told by question and field, and takes no other with it', async () => {
  stubCollector(async (path) => (path === 'latency' ? Response.json({}) : answerWith(path)));
  const { said, refresh } = ask(['latency', 'canary']);
  await refresh();
  expect(said.at(-1)).toEqual({
    latency: new Unanswered(
      'The collector’s answer about latency has no “stepMs”. It may be of another version than this page. Load the page again.',
      { isForNow: true },
    ),
    canary: answerOf('canary'),
  });
});

test.each([null, [], 'text', 7])('an answer that is %j is one without fields', async (answer) => {
  stubCollector(async () => Response.json(answer));
  const { said, refresh } = ask(['traces']);
  await refresh();
  expect(said.at(-1)?.traces).toMatchObject({ message: expect.stringContaining('no “traces”') });
});

test('each question says which fields its answer has', () => {
  const paths = Object.values(QUESTIONS).map(({ path }) => path);
  expect(Object.keys(FIELDS).sort()).toEqual([...new Set(paths)].sort());
});
