import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** What a collector says of one rollout. */
export interface SaidOfRollout {
  readonly version: string;
  readonly experiment: string;
  readonly verdict: 'roll-back' | 'promote' | 'hold' | 'none';
  readonly mayStep?: boolean;
  /** 900 on each side by default. */
  readonly devices?: { readonly canary: number; readonly control: number };
  readonly undone?: { readonly n: number; readonly of: number };
  /** The verdict that two looks in a row saw; none by default. */
  readonly written?: string | undefined;
  /** Of the facts, now and when the verdict was written. */
  readonly revision: number;
  readonly writtenRevision?: number;
}

/** A collector's two answers, with whatever a test has it say. */
export interface FakeCollector {
  readonly url: string;
  /** Of its facts, where it says nothing. Null: it has none. */
  factsRevision: number | null;
  /** Pin of the repository that its facts are from. */
  factsPin: string | null;
  /** Undefined: it answers with `status`. */
  said: readonly SaidOfRollout[] | undefined;
  /** 503 by default. */
  status: number;
  /** Its clock. */
  nowMs: number;
  asked: number;
  /** Paths of the questions. */
  readonly urls: string[];
  /** Called at each question, before it is answered. */
  onAsked: () => void | Promise<void>;
}

export async function openCollector(): Promise<FakeCollector> {
  const server = createServer(async (request, response) => {
    collector.asked += 1;
    collector.urls.push(request.url ?? '');
    await collector.onAsked();
    const { said, status, nowMs } = collector;
    if (!said) return response.writeHead(status).end();
    const isCanary = request.url?.startsWith('/v1/fleet/canary');
    response.end(
      JSON.stringify(isCanary ? canaryAnswer(said, collector) : findingsAnswer(said, nowMs)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const collector: FakeCollector = {
    url,
    factsRevision: null,
    factsPin: null,
    said: [],
    status: 503,
    nowMs: Date.now(),
    asked: 0,
    urls: [],
    onAsked() {},
  };
  return collector;
}

function canaryAnswer(
  said: readonly SaidOfRollout[],
  { factsRevision, factsPin }: Pick<FakeCollector, 'factsRevision' | 'factsPin'>,
) {
  const rollouts = said.map(({ version, experiment, verdict, mayStep, undone, devices }) => ({
    version,
    experiment,
    sinceMs: 0,
    isOver: false,
    devices: devices ?? { canary: 900, control: 900 },
    share: null,
    offeredMs: [],
    ranAs: { canary: [], control: [] },
    mayStep: mayStep ?? false,
    undone: undone ?? { n: 0, of: 0 },
    verdict: { verdict, because: ['failed-runs'] },
  }));
  return { revision: said[0]?.revision ?? factsRevision, pin: factsPin, plans: [], rollouts };
}

function findingsAnswer(said: readonly SaidOfRollout[], nowMs: number) {
  const verdicts = said.flatMap(({ version, experiment, written, revision, writtenRevision }) =>
    written === undefined
      ? []
      : [
          {
            version,
            experiment,
            atMs: nowMs - 60_000,
            verdict: written,
            revision: writtenRevision ?? revision,
          },
        ],
  );
  return { toMs: nowMs, lookedMs: nowMs - 60_000, verdicts };
}
