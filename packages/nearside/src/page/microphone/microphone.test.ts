import { createDeferred } from '@nearside/core';
import { afterEach, expect, test, vi } from 'vitest';
import { microphone } from '../../microphone.js';

interface Faults {
  /** What `getUserMedia` rejects with. */
  readonly refusal?: DOMException;
  /** Whether the worklet is not there. */
  readonly isUnserved?: boolean;
  /** When the user has answered. */
  readonly asked?: Promise<void>;
}

interface Port {
  onmessage: ((message: { data: Float32Array }) => void) | undefined;
  postMessage(message: unknown): void;
}

/** A browser with a microphone, and what has become of it. */
function plugIn({ refusal, isUnserved = false, asked = Promise.resolve() }: Faults = {}) {
  const track = Object.assign(new EventTarget(), {
    label: 'a microphone',
    state: 'live',
    getSettings: () => ({ sampleRate: 44100 }),
    stop() {
      track.state = 'stopped';
    },
  });
  const told = { contexts: [] as { state: string }[], worklet: [] as unknown[] };
  let port: Port | undefined;
  vi.stubGlobal('navigator', {
    mediaDevices: {
      async getUserMedia() {
        await asked;
        if (refusal) throw refusal;
        return { getAudioTracks: () => [track] };
      },
    },
  });
  class AudioContext {
    state = 'running';
    readonly sampleRate: number;
    readonly destination = {};
    readonly audioWorklet = {
      addModule: async () => {
        if (isUnserved) throw new Error('404');
      },
    };
    constructor({ sampleRate = 48000 }) {
      this.sampleRate = sampleRate;
      told.contexts.push(this);
    }
    createMediaStreamSource = () => ({ connect: () => {} });
    resume = async () => {};
    async close() {
      this.state = 'closed';
    }
  }
  class AudioWorkletNode {
    readonly port: Port = {
      onmessage: undefined,
      postMessage: (message: unknown) => told.worklet.push(message),
    };
    constructor() {
      port = this.port;
    }
    connect = () => {};
  }
  vi.stubGlobal('AudioContext', AudioContext);
  vi.stubGlobal('AudioWorkletNode', AudioWorkletNode);
  return {
    told,
    track,
    unplug: () => track.dispatchEvent(new Event('ended')),
    hear: (...samples: number[]) => port?.onmessage?.({ data: Float32Array.from(samples) }),
    hearLong: (length: number) => port?.onmessage?.({ data: new Float32Array(length) }),
    /** As soon as it listens. */
    listening: () => vi.waitFor(() => expect(port?.onmessage).toBeTypeOf('function'), 30_000),
  };
}

afterEach(() => {
  vi.unstubAllGlobals();
});

const isLetGo = ({ told, track }: ReturnType<typeof plugIn>) =>
  track.state === 'stopped' && told.contexts.every(({ state }) => state === 'closed');

test('pieces come in order, at the device’s own rate; those that were not read come as one', async () => {
  const device = plugIn();
  const sound = microphone();
  const first = sound.next();
  await device.listening();
  device.hear(1, 2);
  expect(await first).toEqual({
    done: false,
    value: { samples: Float32Array.of(1, 2), sampleRateHz: 44100 },
  });
  device.hear(3);
  device.hear(4, 5);
  expect((await sound.next()).value?.samples).toEqual(Float32Array.of(3, 4, 5));
  await sound.return();
});

test('nobody is asked before the first is read', async () => {
  const device = plugIn();
  const sound = microphone();
  await sound.return();
  expect(device.told.contexts).toEqual([]);
  expect(await sound.next()).toEqual({ done: true, value: undefined });
});

test('leaving the loop lets go of the device', async () => {
  const device = plugIn();
  void device.listening().then(() => device.hear(1));
  for await (const { samples } of microphone()) {
    expect(samples).toHaveLength(1);
    break;
  }
  expect(isLetGo(device)).toBe(true);
  expect(device.told.worklet).toHaveLength(1);
});

test('leaving while a piece is waited for ends the wait', async () => {
  const device = plugIn();
  const sound = microphone();
  const next = sound.next();
  await device.listening();
  await sound.return();
  expect(await next).toEqual({ done: true, value: undefined });
  expect(isLetGo(device)).toBe(true);
});

test('an abort rejects with its reason, and lets go of the device', async () => {
  const device = plugIn();
  const stop = new AbortController();
  const sound = microphone({ signal: stop.signal });
  const next = sound.next();
  await device.listening();
  stop.abort('enough');
  await expect(next).rejects.toBe('enough');
  expect(await sound.next()).toEqual({ done: true, value: undefined });
  expect(isLetGo(device)).toBe(true);
});

test('an abort while the user is asked lets go of the device as soon as it is given', async () => {
  const answer = createDeferred<void>();
  const device = plugIn({ asked: answer.promise });
  const stop = new AbortController();
  const next = microphone({ signal: stop.signal }).next();
  stop.abort('enough');
  await expect(next).rejects.toBe('enough');
  expect(device.track.state).toBe('live');
  answer.resolve();
  await vi.waitFor(() => expect(isLetGo(device)).toBe(true), 30_000);
});

test('a signal that is aborted already asks nobody', async () => {
  const device = plugIn();
  await expect(microphone({ signal: AbortSignal.abort('no') }).next()).rejects.toBe('no');
  expect(device.told.contexts).toEqual([]);
});

test.each([
  ['NotAllowedError', 'microphone-refused', 'site settings'],
  ['SecurityError', 'microphone-refused', 'allow="microphone"'],
  ['NotFoundError', 'microphone-unavailable', 'plugged in'],
  ['NotReadableError', 'microphone-unavailable', 'free of other apps'],
  ['OverconstrainedError', 'microphone-unavailable', 'OverconstrainedError'],
])('%s is %s', async (name, code, message) => {
  plugIn({ refusal: new DOMException('no', name) });
  await expect(microphone().next()).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
    details: { reason: name },
  });
});

test('one that is unplugged is unavailable, after what was heard before', async () => {
  const device = plugIn();
  const sound = microphone();
  const first = sound.next();
  await device.listening();
  device.hear(1);
  await first;
  device.hear(2);
  device.unplug();
  expect((await sound.next()).value?.samples).toEqual(Float32Array.of(2));
  await expect(sound.next()).rejects.toMatchObject({
    code: 'microphone-unavailable',
    details: { reason: 'ended' },
  });
  expect(isLetGo(device)).toBe(true);
});

test('a worklet that is not served is assets-unreachable, and the device let go of', async () => {
  const device = plugIn({ isUnserved: true });
  vi.stubGlobal('origin', 'https://app.example');
  await expect(microphone({ assets: 'https://app.example/n' }).next()).rejects.toMatchObject({
    code: 'assets-unreachable',
    message: expect.stringContaining('https://app.example/n/microphone-worklet.js'),
  });
  expect(isLetGo(device)).toBe(true);
});

test('a minute that nobody reads ends it', async () => {
  const device = plugIn();
  const sound = microphone();
  const first = sound.next();
  await device.listening();
  device.hear(1);
  await first;
  device.hearLong(61 * 44100);
  expect((await sound.next()).value?.samples).toHaveLength(61 * 44100);
  await expect(sound.next()).rejects.toMatchObject({ code: 'queue-full' });
  expect(isLetGo(device)).toBe(true);
});

test('a page that is not secure, and an environment without microphones, say so', async () => {
  vi.stubGlobal('navigator', {});
  await expect(microphone().next()).rejects.toMatchObject({ code: 'microphone-unavailable' });
  vi.stubGlobal('isSecureContext', false);
  await expect(microphone().next()).rejects.toMatchObject({ code: 'insecure-context' });
});

test('wrong options are refused at the call', () => {
  expect(() => microphone({ signal: 'stop' } as never)).toThrow(TypeError);
  expect(() => microphone({ deviceId: 'x' } as never)).toThrow(/options signal, constraints/);
});
