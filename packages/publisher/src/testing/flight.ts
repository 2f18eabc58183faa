import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256Hex } from '../files/digests.js';
import { type AutopilotOptions, autopilot } from '../library/autopilot.js';
import { inspect } from '../library/inspect.js';
import { publish } from '../library/publish.js';
import { openCollector, type SaidOfRollout } from './collector.js';
import { publishedOnce, type Workspace } from './workspace.js';

const DAY_MS = 86_400_000;

/**
 * Tests of autopilot begin here: 1.0.0 for all, 1.1.0 for 5 % of the devices since 25 hours, a collector, and the keys
 * that autopilot may have.
 */
export function flights(): () => Promise<Flight> {
  const publishCanary = publishedOnce(async (workspace) => {
    const { pin } = await workspace.release();
    const { packed } = await workspace.packed({ version: '1.1.0', sequence: 2, seed: 2 });
    const now = () => Date.now() - DAY_MS - 3_600_000;
    const { rollout } = await publish({ ...workspace, packed, canaryPercent: 5, now });
    for (const key of ['root.pem', 'model.pem']) await rm(join(workspace.keys, key));
    return { pin, experiment: sha256Hex(rollout?.salt ?? '').slice(0, 8) };
  });
  return async () => {
    const { workspace, pin, experiment } = await publishCanary();
    return flightOf(workspace, { pin, experiment });
  };
}

export type Flight = Awaited<ReturnType<typeof flightOf>>;

async function flightOf(
  workspace: Workspace,
  { pin, experiment }: { pin: string; experiment: string },
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
    /** Has the collector say this at two looks in a row. */
    says(verdict: SaidOfRollout['verdict'], changed: Partial<SaidOfRollout> = {}) {
      const written = changed.mayStep ? 'step' : verdict;
      const said = { version: '1.1.0', experiment, verdict, written, revision: 2, ...changed };
      collector.said = [said];
      return said;
    },
    /** The versions of the model, the newest first: `1.1.0 canary 5 %`. */
    async offers(): Promise<string[]> {
      const [model] = (await inspect({ repository })).models;
      return (model?.versions ?? []).map(({ version, state, rollout }) =>
        [version, state, ...(rollout ? [`${rollout.toBps / 100} %`] : [])].join(' '),
      );
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
