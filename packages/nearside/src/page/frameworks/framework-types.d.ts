/** The functions of React and Svelte that are called here: their own types would bring a dozen packages. */
declare module 'react' {
  export function createElement(component: () => string): object;
  export function useCallback<Callback>(callback: Callback, causes: readonly unknown[]): Callback;
  export function useEffect(effect: () => () => void, causes: readonly unknown[]): void;
  export function useState<State>(): [
    state: State | undefined,
    setState: (state: State | undefined) => void,
  ];
  export function useSyncExternalStore<State>(
    subscribe: (listener: () => void) => () => void,
    read: () => State,
    readOnServer: () => State,
  ): State;
}

declare module 'react-dom/server' {
  export function renderToString(element: object): string;
}

declare module 'svelte/store' {
  export interface Readable<Value> {
    subscribe(run: (value: Value) => void): () => void;
  }
  export function readable<Value>(value: Value): Readable<Value>;
  export function derived<Stores extends Readable<unknown> | readonly Readable<unknown>[], Value>(
    stores: Stores,
    derive: (
      values: Stores extends Readable<infer Held>
        ? Held
        : { [Each in keyof Stores]: Stores[Each] extends Readable<infer Held> ? Held : never },
      set: (value: Value) => void,
    ) => () => void,
    first: Value,
  ): Readable<Value>;
}
