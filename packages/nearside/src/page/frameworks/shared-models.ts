import { open } from 'nearside'; // by its name: the page's own copy, or what an alias puts in its place
import type { Model } from '../../shared/api/model.js';
import type { ModelReference, OpenOptions, Progress } from '../../shared/api/open-options.js';
import { valueKey } from './value-key.js';

/** A model that components share: each field is undefined until it is known. */
export interface ModelState<Opened = Model> {
  readonly model: Opened | undefined;
  /** Why it does not open. Components that ask for it anew, once all have left, have it tried again. */
  readonly error: Error | undefined;
  readonly progress: Progress | undefined;
}

/** As for `open`. The state has the progress, and the last component that leaves ends the opening. */
export type SharedOptions = Omit<OpenOptions, 'onProgress' | 'signal'>;

export type Reference = string | ModelReference<unknown, unknown>;

/** A model as a component asks for it. */
export interface AskedModel {
  /** The same for all that ask for the same; empty for nothing. */
  readonly key: string;
  readonly reference: object;
}

interface SharedModel {
  state: ModelState<unknown>;
  readonly listeners: Set<() => void>;
  readonly close: () => void;
  closing?: ReturnType<typeof setTimeout>;
}

/** A page that is left for another one which has the same model keeps it so long, ms. */
const KEPT_MS = 1_000;

export const PENDING: ModelState<never> = {
  model: undefined,
  error: undefined,
  progress: undefined,
};

const models = new Map<string, SharedModel>();

export function askFor(reference: Reference | undefined, options?: SharedOptions): AskedModel {
  const address = typeof reference === 'object' ? reference : { url: reference };
  const whole = { ...address, ...options };
  // The bytes of a pin are compared too.
  const key = valueKey({ ...whole, trust: whole.trust?.toString() });
  return { key: reference === undefined ? '' : key, reference: whole };
}

export function stateOf<Opened>({ key }: AskedModel): ModelState<Opened> {
  return (models.get(key)?.state ?? PENDING) as ModelState<Opened>;
}

/**
 * Opens the model for the first that asks. On a server nobody is there to ask.
 *
 * @param listener is told now, and whenever the state is another one
 * @returns leaves it: a second after the last has left it is closed
 */
export function joinModel({ key, reference }: AskedModel, listener: () => void): () => void {
  listener();
  if (!key || typeof window === 'undefined') return () => {};
  const shared = models.get(key) ?? openShared(key, reference as ModelReference);
  clearTimeout(shared.closing);
  shared.listeners.add(listener);
  return () => {
    shared.listeners.delete(listener);
    if (shared.listeners.size > 0) return;
    if (shared.state.error) shared.close();
    else shared.closing = setTimeout(shared.close, KEPT_MS);
  };
}

function openShared(key: string, reference: ModelReference): SharedModel {
  const leaving = new AbortController();
  const { signal } = leaving;
  const change = (change: Partial<ModelState<unknown>>) => {
    shared.state = { ...shared.state, ...change };
    for (const listener of shared.listeners) listener();
  };
  const onProgress = (progress: Progress) => change({ progress });
  const opening = open({ ...reference, signal, onProgress } as ModelReference);
  opening.then(
    (model) => change({ model }),
    (error: Error) => {
      change({ error });
      if (shared.listeners.size > 0) return;
      shared.close();
    },
  );
  const shared: SharedModel = {
    state: PENDING,
    listeners: new Set(),
    close() {
      if (signal.aborted) return;
      models.delete(key);
      leaving.abort();
      opening.then((model) => model.close()).catch(() => {}); // also one that opened too late
    },
  };
  models.set(key, shared);
  return shared;
}
