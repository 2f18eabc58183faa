import type { VerifiedBytes } from '@nearside/artifact';
import type { Tensor, Tensors } from '@nearside/core';
import { beforeAll, describe, expect, test } from 'vitest';
import type {
  Backend,
  BackendSession,
  RuntimeTraits,
  StartRequest,
} from '../worker/backends/backend.js';
import { findMismatch } from '../worker/golden-check.js';
import { inChunks, loadDigits } from './load-digits.js';

/** Holds a backend to all that every backend must do, on the digits model. Each has a browser test that calls this. */
export function describeBackend(
  backend: Backend,
  {
    variant: name,
    wasmUrl,
    onLost = () => {},
  }: { variant: string; wasmUrl?: string; onLost?: StartRequest['onLost'] },
): void {
  describe(backend.name, () => {
    let session: BackendSession;
    let traits: RuntimeTraits;
    let digits: Awaited<ReturnType<typeof loadDigits>>;

    beforeAll(async () => {
      digits = await loadDigits(name);
      await backend.requireSupport(digits.variant);
      const wasm = wasmUrl ? await WebAssembly.compileStreaming(fetch(wasmUrl)) : undefined;
      traits = await backend.start({ wasm, onLost });
      session = await createSession();
    });

    function createSession() {
      const { spec, variant, files, weights } = digits;
      return backend.createSession({ spec, variant, files, weights });
    }

    test('names what it computes on', () => {
      expect(traits.threads).toBeGreaterThanOrEqual(1);
      expect(traits.hardware).toMatch(/^[ -~]{2,}$/);
    });

    test('reproduces the outputs that another runtime computed', async () => {
      for (const { inputs, expected } of digits.cases) {
        const outputs = await session.run(inputs);
        expect(findMismatch(outputs.logits, expected, digits.tolerance)).toBeUndefined();
      }
    });

    test('gives the same bits where weights come in chunks of any size, which end in the middle of numbers', async () => {
      const { cases, ...request } = digits;
      const weights = inChunks(request.files, 1001);
      const other = await backend.createSession({ ...request, weights });
      const { inputs } = cases[0] as (typeof cases)[0];
      expect((await other.run(inputs)).logits).toEqual((await session.run(inputs)).logits);
      await other.release();
    });

    test('gives the same bits for the same input, run after run and session after session', async () => {
      const [first] = digits.cases;
      const inputs = first?.inputs ?? {};
      const once = (await session.run(inputs)).logits?.data;
      const other = await createSession();
      for (let run = 0; run < 10; run += 1) {
        expect((await session.run(inputs)).logits?.data).toEqual(once);
        expect((await other.run(inputs)).logits?.data).toEqual(once);
      }
      await other.release();
    });

    if (backend.profile) {
      test('says how long each operator takes', async () => {
        const { cases, ...request } = digits;
        const inputs = cases[0]?.inputs as Tensors;
        const operators = await backend.profile?.({ ...request, inputs, runs: 5 });
        expect(operators?.length).toBeGreaterThan(5);
        expect(operators?.some(({ operator }) => /conv/i.test(operator))).toBe(true);
        const shares = operators?.map(({ share }) => share) ?? [];
        expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 5);
        const times = operators?.map(({ medianMs }) => medianMs) ?? [];
        expect(times).toEqual([...times].sort((a, b) => b - a));
        expect((await session.run(inputs)).logits).toBeDefined();
      });
    }

    test('leaves its input as it was', async () => {
      const inputs = digits.cases[0]?.inputs as Tensors;
      const before = structuredClone(inputs);
      await session.run(inputs);
      expect(inputs).toEqual(before);
    });

    test('gives outputs in buffers of their own', async () => {
      const inputs = digits.cases[0]?.inputs as Tensors;
      const first = (await session.run(inputs)).logits as Tensor;
      const copy = structuredClone(first);
      (await session.run(digits.cases[1]?.inputs as Tensors)).logits;
      expect(first).toEqual(copy);
    });

    test('fails with a code on an input it cannot run, and serves the next one', async () => {
      const wrong: Tensors = {
        pixel_values: { datatype: 'FP32', shape: [1, 1, 9, 9], data: new Float32Array(81) },
      };
      await expect(session.run(wrong)).rejects.toMatchObject({ code: 'backend-failed' });
      const [golden] = digits.cases;
      expect((await session.run(golden?.inputs as Tensors)).logits).toBeDefined();
    });

    test('fails with a code on a file that is no model', async () => {
      const files = new Map([...digits.files].map(([file]) => [file, rubbish()]));
      const weights = inChunks(files);
      await expect(backend.createSession({ ...digits, files, weights })).rejects.toThrow();
    });

    test('can be released twice', async () => {
      const other = await createSession();
      await other.release();
      await other.release();
    });
  });
}

function rubbish(): VerifiedBytes {
  return Uint8Array.from({ length: 500 }, (_, i) => (i * 37) % 256) as VerifiedBytes;
}
