import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { experimentOf } from '@nearside/artifact';
import { onTestFinished, vi } from 'vitest';
import { type AutopilotOptions, autopilot } from '../library/autopilot.js';
import { inspect } from '../library/inspect.js';
import { publish } from '../library/publish.js';
import { lockRepository } from '../repository/repository-lock.js';
import { openCollector, type SaidOfRollout } from './collector.js';
import { publishedOnce, type Workspace } from './workspace.js';

const DAY_MS = 86_400_000;

/**
 * Tests of autopilot begin here: of each model 1.0.0 for all, 1.1.0 for 5 % of the devices since 25 hours, a collector, and
 * the keys that autopilot may have.
 */
export function flights(models: readonly string[] = ['tiny']): () => Promise<Flight> {
  const publishCanaries = publishedOnce(async (workspace) => {
    const experiments: string[] = [];
    let pin = '';
    for (const name of models) {
      ({ pin } = await workspace.release({ name }));
      const { packed } = await workspace.packed({ name, version: '1.1.0', sequence: 2, seed: 2 });
      const now = () => Date.now() - DAY_MS - 3_600_000;
      const { rollout } = await publish({ ...workspace, packed, canaryPercent: 5, now });
      experiments.push(await experimentOf(rollout?.salt ?? ''));
    }
    for (const key of ['root.pem', 'model.pem']) await rm(join(workspace.keys, key));
    return { pin, experiments };
  });
  return async () => {
    const { workspace, ...published } = await publishCanaries();
    return flightOf(workspace, published);
  };
}

export type Flight = Awaited<ReturnType<typeof flightOf>>;

async function flightOf(
  workspace: Workspace,
  { pin, experiments }: { pin: string; experiments: readonly string[] },
) {
  const { repository, keys, directory } = workspace;
  const collector = await openCollector();
  const facts = join(directory, 'models.json');
  const pauses: number[] = [];
  const options: AutopilotOptions = {
    repository,
    keys,
    fleet: { url: collector.url },
    facts,
    pause: async (ms) => pauses.push(ms),
  };
  return {
    workspace,
    pin,
    collector,
    facts,
    pauses,
    options,
    step: (changed: Partial<AutopilotOptions> = {}) => autopilot({ ...options, ...changed }),
    /** Has the collector say this of each canary, at two looks in a row. */
    says(verdict: SaidOfRollout['verdict'], changed: Partial<SaidOfRollout> = {}) {
      const written = changed.mayStep ? 'step' : verdict;
      const revision = 2 * experiments.length;
      collector.said = experiments.map((experiment) => {
        return { version: '1.1.0', experiment, verdict, written, revision, ...changed };
      });
    },
    /** The versions of each model, the newest first: `1.1.0 canary 5 %`. */
    async offers(): Promise<string[]> {
      const { models } = await inspect({ repository });
      return models
        .flatMap(({ versions }) => versions)
        .map(({ version, state, rollout }) =>
          [version, state, ...(rollout ? [`${rollout.toBps / 100} %`] : [])].join(' '),
        );
    },
    /** Holds the repository as a publisher that is at work does, until disposed of. Nobody waits a minute for it. */
    async publisherAtWork(): Promise<AsyncDisposable> {
      const lock = await lockRepository(repository);
      const { timeout } = AbortSignal;
      const spy = vi.spyOn(AbortSignal, 'timeout');
      spy.mockImplementation((ms) =>
        timeout.call(AbortSignal, ms > 50_000 && ms <= 60_000 ? 0 : ms),
      );
      onTestFinished(() => spy.mockRestore());
      return lock;
    },
    async log(): Promise<Record<string, unknown>[]> {
      const text = await readFile(join(repository, '.autopilot.jsonl'), 'utf8').catch(() => '');
      return text
        .split('\n')
        .filter((line) => line)
        .map((line) => JSON.parse(line));
    },
  };
}
