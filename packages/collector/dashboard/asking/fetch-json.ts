import { loadAgainOnce, remember } from '../tab-memory.js';

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

/**
 * @param about what is asked, for people
 * @param fields that the answer must have
 * @throws FleetUnavailable with what the collector said
 */
export async function fetchJson<Answer>(
  path: string,
  { about, fields, signal }: { about: string; fields: readonly string[]; signal: AbortSignal },
): Promise<Answer> {
  const inTime = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
  let response: Response;
  try {
    response = await fetch(path, { signal: inTime });
    if (response.ok) {
      remember(LOGGED_OUT, '');
      return withFields<Answer>(await response.json(), { about, fields });
    }
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof FleetUnavailable) throw cause;
    const words =
      cause instanceof SyntaxError
        ? 'Expected the collector’s answer, got something else: a login page or a proxy may be in between.'
        : 'The collector does not answer.';
    throw new FleetUnavailable(words, { cause });
  }
  const { status } = response;
  // The session has ended, and this address has a form now. A proxy may answer 401 without a form, so it reloads once.
  // Where that cannot be remembered it does not, because it would reload for ever.
  if (status === 401) loadAgainOnce(LOGGED_OUT);
  const body = (await response.json().catch(() => undefined)) as
    | { error?: { message?: string } }
    | undefined;
  const message = `The collector answered ${status}. ${body?.error?.message ?? ''}`.trim();
  throw new FleetUnavailable(message, { status });
}

/** A collector of another version, or something in between, may answer anything. */
function withFields<Answer>(
  answer: unknown,
  { about, fields }: { about: string; fields: readonly string[] },
): Answer {
  const found: Readonly<Record<string, unknown>> = Object(answer);
  const missing = fields.find((field) => found[field] === undefined);
  if (missing === undefined) return answer as Answer;
  throw new FleetUnavailable(
    `The collector’s answer about ${about} has no “${missing}”. It may be of another version than this page. Load the page again.`,
  );
}
