import type { Handover } from '../running/handover.js';
import { withinWatchdog } from './within-watchdog.js';

/**
 * Loads a model again that was put to rest, and runs its first golden case once.
 *
 * @param watchdogMs of one run; as long again for its turn
 */
export function warmModel(handover: Handover, watchdogMs: number): Promise<void> {
  return handover.run((serving) =>
    withinWatchdog(
      serving.connection,
      { limitMs: 2 * watchdogMs, signal: undefined },
      (connection) => connection.warm(),
    ),
  );
}
