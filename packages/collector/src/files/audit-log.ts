import { appendFileSync, closeSync, constants, openSync } from 'node:fs';
import { StartError } from '../refusals/start-error.js';

const { O_APPEND, O_CREAT, O_WRONLY, O_NONBLOCK } = constants;

/** Administrative acts, by somebody or by the clock. */
export type Act =
  | 'start'
  | 'stop'
  | 'migrate'
  | 'prune'
  | 'models-loaded'
  | 'models-refused'
  | 'targets-loaded'
  | 'targets-refused'
  | 'prices-loaded'
  | 'prices-refused';

export interface AuditLog {
  /** @param facts hold no token, no address of a device and nothing of a report */
  write(act: Act, facts?: Readonly<Record<string, unknown>>): void;
}

/**
 * Writes a line of JSON for each act: `{ "at", "act", … }`. The file is opened anew for each, so it may be moved away
 * at any time. Only its owner can read it.
 *
 * @param path nothing is written without one
 * @param onError told when the file cannot be written later on; the collector goes on without it
 * @throws StartError `file-missing` when it cannot be written now
 */
export function openAuditLog(
  path: string | undefined,
  { now, onError }: { now: () => number; onError: (error: unknown) => void },
): AuditLog {
  if (path === undefined) return { write() {} };
  try {
    append(path, '');
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
        append(path, `${line}\n`);
      } catch (error) {
        onError(error);
      }
    },
  };
}

/** A pipe that nobody reads is an error at once. `/dev/stdout` may be one that somebody reads. */
function append(path: string, text: string): void {
  const file = openSync(path, O_APPEND | O_CREAT | O_WRONLY | O_NONBLOCK, 0o600);
  try {
    appendFileSync(file, text);
  } finally {
    closeSync(file);
  }
}
