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
 * Writes down that an act begins, before anybody can see it. Killed after that, the next step does the act and writes no
 * second line; or it writes that the act was dropped.
 *
 * @param next the act that is signed now; undefined where none is
 * @param state the repository without it
 */
export async function logAct(
  repository: string,
  next: LoggedAct | undefined,
  { writer, state, nowMs }: { writer: RepositoryWriter; state: RepositoryState; nowMs: number },
): Promise<void> {
  const text = await readText(repository);
  const last = text.split('\n').flatMap(actOf).at(-1);
  const begun = last && !isDone(last, state) ? last : undefined;
  if (begun && next && isSame(begun, next)) return;
  const time = new Date(nowMs).toISOString();
  const dropped = begun ? [{ ...begun, time, act: 'dropped' as const }] : [];
  const lines = [...dropped, ...(next ? [next] : [])].map((act) => `${JSON.stringify(act)}\n`);
  if (lines.length === 0) return;
  // a killed step may have left half a line
  const ending = text === '' || text.endsWith('\n') ? '' : '\n';
  await writer.append(LOG_FILE, ending + lines.join(''));
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
  if (!release || act === 'dropped') return true;
  if (act === 'revoke') return release.state === 'revoked';
  return to === 'stable' ? !release.rollout : percentOf(release) >= (to ?? 0);
}

function isSame(a: LoggedAct, b: LoggedAct): boolean {
  const identity = ({ act, model, version, to, targets }: LoggedAct) =>
    JSON.stringify([act, model, version, to, targets]);
  return identity(a) === identity(b);
}
