import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EMPTY_MODULE } from '../../shared/compile-wasm.js';
import { ASKS_WASM, type WasmMessage } from '../../shared/protocol.js';
import { shareWasm } from './shared-wasm.js';

const WASM = new URL('https://example.com/runtime.wasm');

/** Answers of the server to come; with none left it answers the file. */
let answers: (() => Promise<Response> | Response)[];
const asked = vi.fn(async () => (answers.shift() ?? sendFile)());

beforeEach(() => {
  answers = [];
  asked.mockClear();
  vi.stubGlobal('fetch', asked);
});
afterEach(() => vi.unstubAllGlobals());

function sendFile(type = 'application/wasm'): Response {
  return new Response(EMPTY_MODULE, { headers: { 'content-type': type } });
}

/** A worker that keeps nothing of what it is sent. */
function startWorker({ isSure = false, mayPost = (_module: object): boolean => true } = {}) {
  let told = (_got: 'module' | 'nothing') => {};
  const worker = Object.assign(new EventTarget(), {
    postMessage({ module, sentBytes }: WasmMessage) {
      if (module && !mayPost(module)) throw new DOMException('not here', 'DataCloneError');
      if (sentBytes === undefined) told(module ? 'module' : 'nothing');
    },
  });
  const end = shareWasm(WASM, { worker: worker as unknown as Worker, isSure });
  const ask = () => {
    const answer = new Promise((resolve) => {
      told = resolve;
    });
    worker.dispatchEvent(new MessageEvent('message', { data: ASKS_WASM }));
    return answer;
  };
  return { ask, end };
}

test('workers of one file share one fetch; when all have ended another one fetches anew', async () => {
  const [first, second] = [startWorker({ isSure: true }), startWorker()];
  expect(await Promise.all([first.ask(), second.ask()])).toEqual(['module', 'module']);
  first.end();
  const third = startWorker();
  expect(await third.ask()).toBe('module');
  expect(asked).toHaveBeenCalledTimes(1);
  second.end();
  third.end();
  const fourth = startWorker();
  expect(await fourth.ask()).toBe('module');
  expect(asked).toHaveBeenCalledTimes(2);
  fourth.end();
});

test.each([
  ['no answer', () => Promise.reject(new TypeError('Failed to fetch'))],
  ['a status', () => new Response('', { status: 404 })],
  ['half of the file', () => new Response(EMPTY_MODULE.slice(0, 5))],
  ['a page', () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } })],
])(
  'after %s in place of the file a worker compiles for itself, and the next one has it asked for again',
  async (_what, answer) => {
    answers = [answer];
    const [first, second] = [startWorker(), startWorker()];
    expect(await first.ask()).toBe('nothing');
    expect(await second.ask()).toBe('module');
    expect(asked).toHaveBeenCalledTimes(2);
    first.end();
    second.end();
  },
);

test('a page whose policy refuses WebAssembly asks for nothing, and its worker compiles for itself', async () => {
  const refuse = () => {
    throw new WebAssembly.CompileError('refused by script-src');
  };
  vi.stubGlobal('WebAssembly', { ...WebAssembly, Module: refuse });
  const { ask, end } = startWorker({ isSure: true });
  expect(await ask()).toBe('nothing');
  expect(asked).not.toHaveBeenCalled();
  end();
});

test('a module that cannot be posted to one worker is there for the others', async () => {
  const [first, second] = [startWorker({ mayPost: () => false }), startWorker()];
  expect(await first.ask()).toBe('nothing');
  expect(await second.ask()).toBe('module');
  expect(asked).toHaveBeenCalledTimes(1);
  first.end();
  second.end();
});

test('the last worker’s end ends a download, and the module goes though a model at rest knows its worker', async () => {
  const modules: WeakRef<object>[] = [];
  const mayPost = (module: object) => modules.push(new WeakRef(module)) > 0;
  const workers = [startWorker({ mayPost }), startWorker()];
  for (const { ask } of workers) expect(await ask()).toBe('module');
  for (const { end } of workers) end();
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  await vi.waitUntil(() => {
    collect();
    return modules.every((module) => !module.deref());
  });
  expect(workers).toHaveLength(2);
  const [[, { signal }]] = asked.mock.calls as unknown as [[URL, { signal: AbortSignal }]];
  expect(signal.aborted).toBe(true);
});
