/** One end of a channel. */
export type Endpoint = Pick<
  MessagePort,
  'postMessage' | 'addEventListener' | 'removeEventListener'
> & { readonly start?: () => void };

/** Functions that Comlink exposes at the other end: one argument, and never a proxy. */
type Callable<Api> = { readonly [Name in keyof Api]: (argument: never) => Promise<unknown> };

/** How Comlink 4.4 answers: a value, or what was thrown. */
type Answer =
  | { readonly id: number; readonly type: 'RAW'; readonly value: unknown }
  | {
      readonly id: number;
      readonly type: 'HANDLER';
      readonly name: 'throw';
      readonly value: { readonly isError: boolean; readonly value: unknown };
    };

interface Waiting {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
}

const given = new WeakMap<object, Transferable[]>();

/** Marks what is given away with a message, instead of copied, when `value` is posted. */
export function transfer<Value extends object>(value: Value, transferables: Transferable[]): Value {
  given.set(value, transferables);
  return value;
}

/**
 * Calls functions that `Comlink.expose` has at the other end, in its own messages. A call throws at once when
 * its argument cannot be posted, rejects when its answer cannot, and stays pending when the other end is
 * gone: whoever calls knows that. Nothing here outlives the endpoint, unlike Comlink's own proxies (docs/decisions/0008).
 */
export function wrap<Api extends Callable<Api>>(endpoint: Endpoint): Api {
  const waiting = new Map<number, Waiting>();
  let calls = 0;
  endpoint.addEventListener('message', ({ data }: { data?: Partial<Answer> | undefined }) => {
    // Events come at the same port, and some have an id of something else.
    const call = data?.type && waiting.get(data.id as number);
    if (!call) return;
    const { id, type, value } = data as Answer;
    waiting.delete(id);
    if (type === 'RAW') call.resolve(value);
    else call.reject(value.isError ? Object.assign(new Error(), value.value) : value.value);
  });
  endpoint.start?.();
  const call = (name: string, value: unknown) => {
    calls += 1;
    const id = calls;
    const argumentList = [{ type: 'RAW', value }];
    const message = { id, type: 'APPLY', path: [name], argumentList };
    endpoint.postMessage(message, given.get(value as object) ?? []);
    return new Promise<unknown>((resolve, reject) => {
      waiting.set(id, { resolve, reject });
    });
  };
  return new Proxy({} as Api, {
    get: (_, name: string) => (argument: unknown) => call(name, argument),
  });
}
