import { createElement } from 'react';
import { renderToString } from 'react-dom/server';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';
import {
  createSSRApp,
  type EffectScope,
  effectScope,
  nextTick,
  reactive,
  ref,
  shallowRef,
} from 'vue';
import { renderToString as renderVue } from 'vue/server-renderer';
import type { Model, ModelReference, TaskModel } from '../../index.js';
import * as react from '../../react.js';
import { useModel as modelOf, useRun as runOf, type SharedOptions } from '../../vue.js';
import { askFor, joinModel, type ModelState, PENDING, stateOf } from './shared-models.js';
import { valueKey } from './value-key.js';

const trust = `sha256-${'A'.repeat(43)}`;
const address = 'https://cdn.example/models/digits';

/** A model that a function answers for: Node has no such backend. */
const byHand = (fallback: SharedOptions['fallback'] = () => 'by hand') =>
  ({ trust, backend: 'tfjs-wasm', fallback }) as const;

/** A busy machine is slow. */
const WAITING = { timeout: 30_000 };

/** There is a page. */
beforeEach(() => vi.stubGlobal('window', globalThis));
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A component that asks for a model. */
function component(...asking: Parameters<typeof askFor>) {
  const asked = askFor(...asking);
  const states: ModelState<Model>[] = [];
  const leave = joinModel(asked, () => states.push(stateOf(asked)));
  const settled = () =>
    vi.waitFor(() => {
      const state = stateOf<Model>(asked);
      if (!state.model && !state.error) throw new Error('still opening');
      return state;
    }, WAITING);
  return { leave, settled, states, state: () => stateOf<Model>(asked) };
}

/** Ends the second in which a model is kept. */
async function pass(ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(ms);
}

describe('a model that components share', () => {
  test('twenty that ask at once have one model, which is closed a second after the last has left', async () => {
    const options = () => ({ ...byHand(), policy: { saveData: true } });
    const components = Array.from({ length: 20 }, () => component(address, options()));
    const models = await Promise.all(components.map(async (each) => (await each.settled()).model));
    expect(new Set(models).size).toBe(1);
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    for (const { leave } of components) leave();
    await pass(999);
    await models[0]?.run({ tensors: {} });
    await pass(1);
    await expect(models[0]?.run({ tensors: {} })).rejects.toMatchObject({ code: 'closed' });
    expect(components[0]?.state().model).toBeUndefined();
  });

  test('one that comes back within the second has the same model: StrictMode opens once', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    component(address, byHand()).leave();
    const second = component(address, byHand());
    await pass(5_000);
    const { model } = await second.settled();
    second.leave();
    await pass(500);
    const third = component({ url: address, trust }, byHand());
    await pass(5_000);
    expect(third.state().model).toBe(model);
    third.leave();
    await pass(1_000);
  });

  test('twenty that leave while it loads end the opening: they hear nothing, and the next one opens anew', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const components = Array.from({ length: 20 }, () => component(address, byHand()));
    for (const { leave } of components) leave();
    vi.advanceTimersByTime(1_000);
    const next = component(address, byHand());
    expect((await next.settled()).model).toBeDefined();
    for (const { states } of components) expect(states).toEqual([PENDING]);
    next.leave();
    await pass(1_000);
  });

  test('wrong options and a failed opening are `error`, never thrown; asked for anew it is tried anew', async () => {
    const circle: Record<string, unknown> = {};
    circle.circle = circle;
    const wrong = [
      [undefined, {}, undefined],
      [null, byHand(), TypeError],
      [Symbol('digits'), byHand(), TypeError],
      [address, null, TypeError],
      [address, circle, TypeError],
      [address, { ...byHand(), threads: 0 }, RangeError],
      [{ trust }, undefined, TypeError],
    ];
    for (const [reference, options, error] of wrong) {
      const each = component(reference as never, options as never);
      if (error) expect((await each.settled()).error).toBeInstanceOf(error);
      else expect(each.state().error).toBeUndefined();
      each.leave();
      expect(each.state().error).toBeUndefined();
    }
  });

  test('an opening that fails in the second after all have left is tried anew for the next', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const failing = { ...byHand(), threads: 0 };
    const first = component(address, failing);
    first.leave();
    await pass(500);
    const second = component(address, failing);
    expect(second.states).toEqual([PENDING]);
    expect((await second.settled()).error).toBeInstanceOf(RangeError);
    await pass(1_000);
    expect(second.state().error).toBeInstanceOf(RangeError);
    second.leave();
  });

  test('on a server nothing is opened', () => {
    vi.unstubAllGlobals();
    const { leave, state } = component(address, byHand());
    leave();
    expect(state()).toBe(PENDING);
  });
});

test('values that say the same are one key, whatever object holds them', () => {
  const bytes = Uint8Array.of(1);
  const same: [unknown, unknown][] = [
    [
      { a: 1, b: { c: [2] } },
      { b: { c: [2] }, a: 1, d: undefined },
    ],
    [{ fallback: () => 1 }, { fallback: () => 1 }],
    [{ data: bytes }, { data: bytes }],
    [reactive({ age: 3 }), { age: 3 }],
  ];
  for (const [one, other] of same) expect(valueKey(one)).toBe(valueKey(other));
  const different: [unknown, unknown][] = [
    [{ a: 1 }, { a: '1' }],
    [{ a: null }, { a: Number.NaN }],
    [{ fallback: () => 1 }, { fallback: () => 2 }],
    [{ data: bytes }, { data: Uint8Array.of(1) }],
    ['', undefined],
  ];
  for (const [one, other] of different) expect(valueKey(one)).not.toBe(valueKey(other));
  expect(askFor(address, { trust: bytes }).key).toBe(askFor(address, { trust: bytes.slice() }).key);
});

describe('in Vue', () => {
  /** As a component's setup. */
  const inScope = <Made>(scope: EffectScope, make: () => Made) => scope.run(make) as Made;

  test('an answer is never shown over a newer one; a newer input aborts the run before', async () => {
    const answers = new Map<string, (answer: string) => void>();
    const signals: AbortSignal[] = [];
    const model = {
      run(input: string, { signal }: { signal?: AbortSignal } = {}) {
        signals.push(signal as AbortSignal);
        const output = new Promise<string>((resolve) => answers.set(input, resolve));
        return output.then((output) => ({ output, meta: {} as never }));
      },
    };
    const input = ref<string>();
    const scope = effectScope();
    const run = inScope(scope, () => runOf(model, input));
    expect([run.isRunning.value, run.output.value]).toEqual([false, undefined]);
    input.value = 'old';
    expect(run.isRunning.value).toBe(true); // before its run has begun
    await nextTick();
    input.value = 'new';
    await nextTick();
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, false]);
    answers.get('new')?.('to new');
    await vi.waitFor(() => expect(run.isRunning.value).toBe(false));
    answers.get('old')?.('to old');
    await nextTick();
    expect(run.output.value).toBe('to new');
    input.value = undefined;
    expect(run.output.value).toBeUndefined();
    scope.stop();
    expect(signals.at(-1)?.aborted).toBe(true);
  });

  test('a reference that changes while a run is under way: that run is aborted, and none of its answer shown', async () => {
    let answer = (_: string) => {};
    const slow = byHand(() => new Promise((resolve) => (answer = resolve)));
    const options = shallowRef<SharedOptions>(slow);
    const record = reactive({ age: 3 });
    const scope = effectScope();
    const opened = inScope(scope, () =>
      modelOf<{ age: number }, string>({ url: address }, options),
    );
    const run = inScope(scope, () => runOf(opened.model, record));
    await vi.waitFor(() => expect(opened.model.value).toBeDefined(), WAITING);
    await vi.waitFor(() => expect(run.isRunning.value).toBe(true));
    options.value = byHand((input) => `new ${JSON.stringify(input)}`);
    await nextTick();
    expect([opened.model.value, run.isRunning.value]).toEqual([undefined, false]);
    answer('old');
    await vi.waitFor(() => expect(run.output.value).toBe('new {"age":3}'));
    options.value = byHand((input) => `new ${JSON.stringify(input)}`); // another object, the same options
    record.age = 4;
    await vi.waitFor(() => expect(run.output.value).toBe('new {"age":4}'));
    scope.stop();
  });

  test('a component that is rendered on a server is pending', async () => {
    vi.unstubAllGlobals();
    const page = createSSRApp({
      setup() {
        const { model, error } = modelOf(address, byHand());
        const { isRunning } = runOf(model, 'text');
        return () => JSON.stringify([model.value, error.value, isRunning.value]);
      },
    });
    expect(await renderVue(page)).toBe('[null,null,false]');
  });
});

test('in React a component that is rendered on a server is pending', () => {
  vi.unstubAllGlobals();
  const page = createElement(() => {
    const { model, error } = react.useModel(address, byHand());
    return JSON.stringify([model, error, react.useRun(model, 'text').isRunning]);
  });
  expect(renderToString(page).replaceAll('&quot;', '"')).toBe('[null,null,false]');
});

test('models and results have the types of the reference, or of the task, as `open` gives them', () => {
  interface Penguin {
    readonly mass: number;
  }
  const types = (penguins: ModelReference<Penguin, 'Adelie'>) => {
    const { model, error } = modelOf(penguins);
    expectTypeOf(error.value).toEqualTypeOf<Error | undefined>();
    expectTypeOf(model.value).toEqualTypeOf<TaskModel<Penguin, 'Adelie'> | undefined>();
    const { output, error: failure } = runOf(model, { mass: 4200 });
    expectTypeOf(failure.value).toEqualTypeOf<Error | undefined>();
    expectTypeOf(output.value).toEqualTypeOf<'Adelie' | undefined>();
    // @ts-expect-error a misspelt feature
    runOf(model, { mas: 4200 });
    const texts = modelOf(address, { trust, task: 'text-classification' });
    expectTypeOf(runOf(texts.model, 'a text').output.value?.[0]?.label).toEqualTypeOf<
      string | undefined
    >();
    const any = modelOf(address, { trust });
    expectTypeOf(runOf(any.model, new Blob()).output.value?.[0]?.score).toEqualTypeOf<
      number | undefined
    >();
    // @ts-expect-error the library's own
    modelOf(address, { trust, signal: new AbortController().signal });
    // @ts-expect-error what vouches for it is missing
    modelOf(address);
  };
  expect(types).toBeTypeOf('function');
});
