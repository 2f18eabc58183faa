/** Longer than the slowest question takes; a connection that hangs must not keep the page waiting for ever. */
const ANSWER_WITHIN_MS = 60_000;

const LOGGED_OUT = 'nearside-logged-out';

/** The collector could not be asked, or said no. */
export class FleetUnavailable extends Error {
  /** Status of its answer; undefined where there was none. */
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
      sessionStorage.removeItem(LOGGED_OUT);
      return (await response.json()) as Answer;
    }
  } catch (cause) {
    signal.throwIfAborted();
    throw new FleetUnavailable('The collector does not answer.', { cause });
  }
  const { status } = response;
  // The session has ended: where this page is, there is a form now. A proxy may say so without a form: once is enough.
  if (status === 401 && !sessionStorage.getItem(LOGGED_OUT)) {
    sessionStorage.setItem(LOGGED_OUT, 'yes');
    location.reload();
  }
  const body = (await response.json().catch(() => undefined)) as
    | { error?: { message?: string } }
    | undefined;
  const message = `The collector answered ${status}. ${body?.error?.message ?? ''}`.trim();
  throw new FleetUnavailable(message, { status });
}
