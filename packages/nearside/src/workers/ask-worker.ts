import type { OpenPlan } from '../opening/plan-opening.js';
import type { Connection } from './connection.js';
import { withinWatchdog } from './within-watchdog.js';

export interface AskOptions {
  readonly plan: Pick<OpenPlan, 'policy'>;
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
  { plan, signal }: AskOptions,
  ask: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  const limitMs = 2 * plan.policy.watchdogMs; // it may stand behind a run
  return withinWatchdog(connection, { limitMs, signal }, ask);
}
