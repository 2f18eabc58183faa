import { join } from 'node:path';
import * as v from 'valibot';
import { readIfFile } from '../files/read-small-file.js';
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

/**
 * Writes down that an act begins, before anybody can see it. Killed after that, or where the repository is fetched anew
 * because an upload failed, the next step does the act and writes no second line; or {@link logDropped} says that it came
 * to nothing.
 *
 * @param next the act that is signed now
 */
export async function logAct(
  repository: string,
  next: LoggedAct,
  writer: RepositoryWriter,
): Promise<void> {
  const text = await readText(repository);
  if (keptActs(text).some((act) => isSame(act, next))) return;
  await append(text, [next], writer);
}

/**
 * Writes down which acts that were begun have come to nothing.
 *
 * @param state the repository when all that is to be done is done
 */
export async function logDropped(
  repository: string,
  { writer, state, nowMs }: { writer: RepositoryWriter; state: RepositoryState; nowMs: number },
): Promise<void> {
  const text = await readText(repository);
  const time = new Date(nowMs).toISOString();
  const dropped = keptActs(text)
    .filter((act) => !isDone(act, state))
    .map((act) => ({ ...act, time, act: 'dropped' as const }));
  if (dropped.length > 0) await append(text, dropped, writer);
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

async function append(
  text: string,
  acts: readonly LoggedAct[],
  writer: RepositoryWriter,
): Promise<void> {
  // a killed step may have left half a line
  const ending = text === '' || text.endsWith('\n') ? '' : '\n';
  await writer.append(LOG_FILE, ending + acts.map((act) => `${JSON.stringify(act)}\n`).join(''));
}

/** Versions of the signed targets that prove the acts. */
export async function provingTargets(repository: string): Promise<number[]> {
  return (await readText(repository))
    .split('\n')
    .flatMap(actOf)
    .map(({ targets }) => targets);
}

async function readText(repository: string): Promise<string> {
  return (await readIfFile(join(repository, LOG_FILE)))?.toString() ?? '';
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
