import { constants } from 'node:fs';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as v from 'valibot';
import { explainFailure } from '../errors/explain-failure.js';
import { PublisherError } from '../errors/publisher-error.js';
import { exists, isFile } from '../files/stat-path.js';
import { type RepositoryState, readableReleases } from '../repository/reading/read-repository.js';
import type { RepositoryWriter } from '../repository/writing/repository-writer.js';
import { percentOf } from '../signing/offer-release.js';

/** The file is hidden, so that no server shows it and no upload takes it along. */
const LOG_FILE = '.autopilot.jsonl';

const ActSchema = v.looseObject({
  /** When it began, ISO 8601. */
  time: v.string(),
  /** `dropped`: an act that was begun has come to nothing. */
  act: v.picklist(['revoke', 'promote', 'dropped']),
  model: v.string(),
  version: v.string(),
  /** The share of devices that a promotion is for, in percent. */
  to: v.optional(v.union([v.number(), v.literal('stable')])),
  because: v.string(),
  /** Version of the signed targets that say it, and prove it. */
  targets: v.number(),
  /** The collector's verdict and its figures. Absent where it gave none. */
  verdict: v.optional(v.string()),
  figures: v.optional(v.unknown()),
});

/** A line of the log. */
export type LoggedAct = v.InferOutput<typeof ActSchema>;

/** The log of a repository that nobody else changes meanwhile. */
export interface LogOfActs {
  /**
   * Writes down that an act begins, before anybody can see it. Killed after that, or where the repository is fetched anew
   * because an upload failed, the next step does the act and writes no second line; or `drop` says that it came to nothing.
   *
   * @throws NearsideError `log-unusable`
   */
  begin(act: LoggedAct): Promise<void>;
  /**
   * Writes down which acts that were begun have come to nothing.
   *
   * @param state the repository when all that is to be done is done
   * @throws NearsideError `log-unusable`
   */
  drop(state: RepositoryState, nowMs: number): Promise<void>;
}

/** @throws NearsideError `log-unusable` where it cannot be read, or this user may not write it */
export async function openLog(repository: string, writer: RepositoryWriter): Promise<LogOfActs> {
  let text = await readText(repository, constants.R_OK | constants.W_OK);

  async function append(acts: readonly LoggedAct[]): Promise<void> {
    // a killed step may have left half a line
    const ending = text === '' || text.endsWith('\n') ? '' : '\n';
    const added = ending + acts.map((act) => `${JSON.stringify(act)}\n`).join('');
    await writer.append(LOG_FILE, added).catch((cause) => {
      throw unusable(repository, 'one that cannot be added to', cause);
    });
    text += added;
  }

  return {
    async begin(act) {
      if (!keptActs(text).some((kept) => isSame(kept, act))) await append([act]);
    },
    async drop(state, nowMs) {
      const time = new Date(nowMs).toISOString();
      const dropped = keptActs(text)
        .filter((act) => !isDone(act, state))
        .map((act) => ({ ...act, time, act: 'dropped' as const }));
      if (dropped.length > 0) await append(dropped);
    },
  };
}

/** Acts that no later line says were dropped. */
function keptActs(text: string): LoggedAct[] {
  const acts = text.split('\n').flatMap(actOf);
  return acts.filter(
    (one, i) =>
      one.act !== 'dropped' &&
      !acts.slice(i + 1).some((later) => isSame(later, { ...one, act: 'dropped' })),
  );
}

/** Versions of the signed targets that prove the acts. Throws `log-unusable` where it cannot be read. */
export async function provingTargets(repository: string): Promise<number[]> {
  return (await readText(repository))
    .split('\n')
    .flatMap(actOf)
    .map(({ targets }) => targets);
}

/** @param mode it must be possible to access it for this */
async function readText(repository: string, mode = constants.R_OK): Promise<string> {
  const file = join(repository, LOG_FILE);
  if (!(await exists(file))) return '';
  if (!(await isFile(file))) throw unusable(repository, 'a folder, FIFO or device');
  return access(file, mode)
    .then(() => readFile(file, 'utf8'))
    .catch((cause) => {
      throw unusable(repository, 'one that this user may not read or write', cause);
    });
}

function unusable(repository: string, got: string, cause?: unknown): PublisherError {
  const file = join(repository, LOG_FILE);
  const why = cause === undefined ? '' : ` (${explainFailure(cause).code})`;
  return new PublisherError(
    'log-unusable',
    `${file}: expected the log of acts, a file that autopilot can read and add to, got ${got}${why}. Mend it or ` +
      'move it away. Until then a worse canary is taken back without a line, and none is widened.',
    { details: { file }, cause },
  );
}

function actOf(line: string): LoggedAct[] {
  try {
    return [v.parse(ActSchema, JSON.parse(line))];
  } catch {
    return [];
  }
}

/** What was done once stays done: a revocation is for good, and a rollout only widens. */
function isDone({ act, model, version, to }: LoggedAct, { trusted }: RepositoryState): boolean {
  const { releases } = trusted.targets
    ? readableReleases(trusted.targets.signed)
    : { releases: [] };
  const release = releases.find((one) => one.model === model && one.version === version);
  if (!release) return true;
  if (act === 'revoke') return release.state === 'revoked';
  return to === 'stable' ? !release.rollout : percentOf(release) >= (to ?? 0);
}

function isSame(a: LoggedAct, b: LoggedAct): boolean {
  const identity = ({ act, model, version, to, targets }: LoggedAct) =>
    JSON.stringify([act, model, version, to, targets]);
  return identity(a) === identity(b);
}
