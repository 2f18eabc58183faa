import { NearsideError } from '@nearside/core';
import {
  type ModelCalls,
  type Reply,
  type ServerEndpoint,
  toWireError,
  type WorkerApi,
} from './protocol.js';

/** A call as it crosses a model's port. Ids are the port's own. */
interface CallMessage {
  readonly id: number;
  readonly call: keyof ModelCalls;
  readonly request: unknown;
}

interface AnswerMessage {
  readonly answerTo: number;
  readonly answer: Reply<never>;
}

/**
 * Calls a model in a worker by the name of a function. It rejects where the request cannot be posted. A call that is
 * under way when the other end goes is never answered.
 *
 * @param given what the request gives away
 */
export type CallModel = <Name extends keyof ModelCalls>(
  name: Name,
  request: Parameters<ModelCalls[Name]>[0],
  given?: Transferable[],
) => Promise<Reply<Awaited<ReturnType<ModelCalls[Name]>>>>;

/** The page's end of a model's port. */
export function callsAt(endpoint: MessagePort): CallModel {
  const answered = new Map<number, (answer: Reply<never>) => void>();
  let calls = 0;
  endpoint.addEventListener('message', ({ data }: MessageEvent<Partial<AnswerMessage> | null>) => {
    const { answerTo, answer } = data ?? {};
    if (answerTo === undefined || !answer) return;
    answered.get(answerTo)?.(answer);
    answered.delete(answerTo);
  });
  return async (call, request, given = []) => {
    calls += 1;
    const id = calls;
    endpoint.postMessage({ id, call, request } satisfies CallMessage, given);
    return new Promise<never>((resolve) => answered.set(id, resolve as () => void));
  };
}

/**
 * The worker's end: answers each call by a function of the same name.
 *
 * @param givenBy what an answer gives away
 */
export function answerCalls(
  endpoint: ServerEndpoint,
  api: Partial<WorkerApi>,
  givenBy: (answer: Reply<unknown>, call: keyof ModelCalls) => Transferable[] = () => [],
): void {
  endpoint.addEventListener(
    'message',
    async ({ data }: MessageEvent<Partial<CallMessage> | null>) => {
      const { id, call, request } = data ?? {};
      if (id === undefined || !call) return;
      const post = (answer: Reply<unknown>, given: Transferable[]) =>
        endpoint.postMessage({ answerTo: id, answer }, given);
      try {
        const answer: Reply<unknown> = await (api as WorkerApi)[call](request as never);
        post(answer, givenBy(answer, call));
      } catch (cause) {
        post(unpostable(cause), []);
      }
    },
  );
  endpoint.start?.();
}

function unpostable(cause: unknown): Reply<never> {
  const got = cause instanceof Error ? cause.message : String(cause);
  const error = new NearsideError(
    'backend-failed',
    `Expected an answer that can be posted, got: ${got}`,
    { cause },
  );
  return { ok: false, error: toWireError(error, 'backend-failed') };
}
