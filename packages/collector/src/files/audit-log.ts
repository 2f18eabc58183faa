import { appendFileSync } from 'node:fs';
import { StartError } from '../refusals/start-error.js';

/** What somebody, or the clock, has done to a collector. */
export type Act =
  | 'start'
  | 'stop'
  | 'move-aside'
  | 'prune'
  | 'models-loaded'
  | 'models-refused'
  | 'targets-loaded'
  | 'targets-refused'
  | 'prices-loaded'
  | 'prices-refused';

export interface AuditLog {
  /** @param facts never a token, an address of a device, or anything of a report */
  write(act: Act, facts?: Readonly<Record<string, unknown>>): void;
}

/**
 * A line of JSON for each act: `{ "at", "act", … }`. The file is opened anew for each, so it may be moved away at any
 * time; it is made for its owner alone.
 *
 * @param path none: nothing is written
 * @param onError told when the file cannot be written later on: a collector goes on without
 * @throws StartError `file-missing` when it cannot be written now
 */
export function openAuditLog(
  path: string | undefined,
  { now, onError }: { now: () => number; onError: (error: unknown) => void },
): AuditLog {
  if (path === undefined) return { write() {} };
  try {
    appendFileSync(path, '', { mode: 0o600 });
  } catch (cause) {
    throw new StartError(
      'file-missing',
      `${path}: expected a file for the audit log that can be written, got none. Does its folder exist, and may this user write there?`,
      { cause },
    );
  }
  return {
    write(act, facts = {}) {
      const line = JSON.stringify({ at: new Date(now()).toISOString(), act, ...facts });
      try {
        appendFileSync(path, `${line}\n`, { mode: 0o600 });
      } catch (error) {
        onError(error);
      }
    },
  };
}
