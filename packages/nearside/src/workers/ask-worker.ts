import type { Connection } from './connection.js';
import { withinWatchdog } from './within-watchdog.js';

export interface AskOptions {
  /** Of one run, ms. */
  readonly watchdogMs: number;
  readonly signal: AbortSignal | undefined;
}

/**
 * Asks a worker for what takes no longer than a run. A worker that hangs while nobody calls would keep
 * whoever asks waiting for ever: it is ended.
 *
 * @throws as `withinWatchdog`
 */
export function askWorker<Answer>(
  connection: Connection,
  { watchdogMs, signal }: AskOptions,
  ask: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  const limitMs = 2 * watchdogMs; // it may stand behind a run
  return withinWatchdog(connection, { limitMs, signal }, ask);
}
