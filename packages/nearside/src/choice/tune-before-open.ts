export interface TuneBeforeOpenOptions {
  /** Of the caller of `open`. */
  readonly signal: AbortSignal | undefined;
  readonly accompany: () => Promise<{ tune(): Promise<void> }>;
  readonly close: () => Promise<void>;
}

/**
 * Has a faster backend looked for while the caller waits; without one the first serves.
 *
 * @throws `signal.reason` when the caller leaves: the model is closed then
 */
export async function tuneBeforeOpen({
  signal,
  accompany,
  close,
}: TuneBeforeOpenOptions): Promise<void> {
  const leave = () => void close();
  signal?.addEventListener('abort', leave);
  if (signal?.aborted) leave(); // while this was loaded
  await accompany().then(
    ({ tune }) => tune(),
    () => {},
  );
  signal?.removeEventListener('abort', leave);
  if (!signal?.aborted) return;
  await close();
  throw signal.reason;
}
