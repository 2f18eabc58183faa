import { remember, remembered } from '../tab-memory.js';

/** The slowest question takes less. A connection that hangs must not keep the page waiting for ever. */
const ANSWER_WITHIN_MS = 60_000;

const LOGGED_OUT = 'nearside-logged-out';

/** The collector could not be asked, or refused. */
export class FleetUnavailable extends Error {
  /** Status of the answer. Undefined where there was none. */
  readonly status: number | undefined;

  constructor(message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.status = options.status;
  }
}

/** @throws FleetUnavailable with what the collector said */
export async function fetchJson<Answer>(path: string, signal: AbortSignal): Promise<Answer> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
  let response: Response;
  try {
    response = await fetch(path, { signal: inTime });
    if (response.ok) {
      remember(LOGGED_OUT, '');
      return (await response.json()) as Answer;
    }
  } catch (cause) {
    signal.throwIfAborted();
    const words =
      cause instanceof SyntaxError
        ? 'Expected the collector’s answer, got something else: a login page or a proxy may be in between.'
        : 'The collector does not answer.';
    throw new FleetUnavailable(words, { cause });
  }
  const { status } = response;
  // The session has ended, and this address has a form now. A proxy may answer 401 without a form, so it reloads once.
  // Where that cannot be remembered it does not, because it would reload for ever.
  if (status === 401 && !remembered(LOGGED_OUT) && remember(LOGGED_OUT, 'yes')) location.reload();
  const body = (await response.json().catch(() => undefined)) as
    | { error?: { message?: string } }
    | undefined;
  const message = `The collector answered ${status}. ${body?.error?.message ?? ''}`.trim();
  throw new FleetUnavailable(message, { status });
}
