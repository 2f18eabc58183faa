import { type Reply, toWireError } from './protocol.js';

/** One end of a channel. */
export type Endpoint = Pick<
  MessagePort,
  'postMessage' | 'addEventListener' | 'removeEventListener'
> & { readonly start?: () => void };

/** Functions that can be called from the other end: one argument, and an envelope as reply. */
type Callable<Api> = { readonly [Name in keyof Api]: (argument: never) => Promise<Reply<unknown>> };

interface CallMessage {
  readonly call: number;
  readonly name: string;
  readonly argument: unknown;
}

interface AnswerMessage {
  readonly answer: number;
  readonly reply: Reply<unknown>;
}

const given = new WeakMap<object, readonly Transferable[]>();

/** Marks what is given away with a message, instead of copied, when `value` is posted. */
export function transfer<Value extends object>(
  value: Value,
  transferables: readonly Transferable[],
): Value {
  given.set(value, transferables);
  return value;
}

/**
 * Calls functions at the other end. A call rejects when its argument cannot be posted, and stays pending
 * when the other end is gone: whoever calls knows that.
 */
export function wrap<Api extends Callable<Api>>(endpoint: Endpoint): Api {
  const waiting = new Map<number, (reply: Reply<unknown>) => void>();
  let calls = 0;
  endpoint.addEventListener('message', ({ data }) => {
    if (!isMessage<AnswerMessage>(data, 'answer')) return;
    waiting.get(data.answer)?.(data.reply);
    waiting.delete(data.answer);
  });
  endpoint.start?.();
  const call = (name: string, argument: unknown) =>
    new Promise<Reply<unknown>>((resolve) => {
      calls += 1;
      post(endpoint, { call: calls, name, argument } satisfies CallMessage, argument);
      waiting.set(calls, resolve);
    });
  return new Proxy({} as Api, {
    get: (_, name: string) => (argument: unknown) => call(name, argument),
  });
}

/** Answers calls from the other end with the functions of `api`. */
export function expose<Api extends Callable<Api>>(api: Api, endpoint: Endpoint): void {
  endpoint.addEventListener('message', async ({ data }) => {
    if (!isMessage<CallMessage>(data, 'call') || !Object.hasOwn(api, data.name)) return;
    const { call, name, argument } = data;
    const answer = (reply: Reply<unknown>) =>
      post(endpoint, { answer: call, reply } satisfies AnswerMessage, reply);
    try {
      answer(await api[name as keyof Api](argument as never));
    } catch (error) {
      answer({ ok: false, error: toWireError(error, 'backend-failed') });
    }
  });
  endpoint.start?.();
}

function post(endpoint: Endpoint, message: CallMessage | AnswerMessage, value: unknown): void {
  const isObject = typeof value === 'object' && value !== null;
  endpoint.postMessage(message, [...((isObject && given.get(value)) || [])]);
}

function isMessage<Message>(data: unknown, key: keyof Message & string): data is Message {
  return typeof data === 'object' && data !== null && key in data;
}
