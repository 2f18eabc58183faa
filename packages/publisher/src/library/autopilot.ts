import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  type Asked,
  askOfCanaries,
  type ModelProblem,
  problemOf,
  type ToldOfCanary,
} from '../autopilot/ask-of-canaries.js';
import { canariesOnOffer } from '../autopilot/canaries-on-offer.js';
import {
  type AutopilotRules,
  type CanaryOnOffer,
  type Decision,
  decide,
} from '../autopilot/decide.js';
import { type LoggedAct, logAct, logDropped } from '../autopilot/log-of-acts.js';
import {
  ONLINE_ROLES,
  requireNoOfflineKey,
  requireOnlineKeys,
} from '../autopilot/require-online-keys.js';
import { exists } from '../files/stat-path.js';
import type { Fleet } from '../fleet/ask-fleet.js';
import type { TufRole } from '../keys/key-files.js';
import type { KeySource } from '../keys/key-source.js';
import {
  changeRepository,
  type LockedRepository,
  type PublishedRepository,
} from '../repository/change-repository.js';
import {
  openDirectorySource,
  requirePublished,
  requireRepository,
} from '../repository/reading/open-repository.js';
import {
  type MetadataVersions,
  metadataVersions,
  type RepositoryState,
  readRepository,
} from '../repository/reading/read-repository.js';
import { basisPoints } from '../signing/offer-release.js';
import type { SignedRewrite } from '../signing/rewrite-release.js';
import { facts, type WrittenFacts } from './facts.js';
import { signPromotion } from './promote.js';
import { isHalfOver, renew } from './renew.js';
import { signRevocation } from './revoke.js';

export interface AutopilotOptions extends KeySource, Partial<AutopilotRules> {
  /** Directory of the repository. */
  readonly repository: string;
  /** The collector that is asked. */
  readonly fleet: Fleet;
  /** File with the facts about models, for the collector. It is written anew. */
  readonly facts: string;
  /** Says what would be done, and writes nothing. */
  readonly dryRun?: boolean | undefined;
  readonly now?: () => number;
  /** Waits before a collector that tells nothing is asked again. */
  readonly pause?: (ms: number) => Promise<unknown>;
}

/** What one step did. */
export interface AutopilotStep {
  readonly dryRun: boolean;
  /** A file `hold` lies in the repository, so nothing was signed. */
  readonly isHeld: boolean;
  /** Each canary on offer, and what was decided of it. */
  readonly canaries: readonly DecidedCanary[];
  /** Lines of the log of acts. */
  readonly acts: readonly LoggedAct[];
  /** Roles that were signed anew, because less than half of their lifetime was left. */
  readonly renewed: readonly TufRole[];
  readonly metadata: MetadataVersions;
  /** Absent in a dry run. */
  readonly facts?: WrittenFacts | undefined;
  /** Models of which the collector told nothing, or that could not be acted on. */
  readonly problems: readonly ModelProblem[];
}

export interface DecidedCanary extends CanaryOnOffer {
  readonly decision: Decision;
  /** Absent where the collector told nothing of it. */
  readonly answer?: ToldOfCanary | undefined;
}

/** A collector that is started anew answers again within this, ms. It is the time from one look to the next. */
const ASK_AGAIN_MS = 300_000;

/** A file of this name in the repository stops autopilot. It is not hidden, so that anybody sees and uploads it. */
const HOLD_FILE = 'hold';

/**
 * Does one step: asks the collector of each canary on offer, takes back what is worse, widens what it may, keeps
 * metadata fresh, and writes the facts. It keeps no state: killed anywhere, the next step finishes the work.
 *
 * @throws NearsideError `gate-refused` where it can read a root or model key, `repository-locked`, a key code, or a
 *   trust code when the repository does not verify. That the collector tells nothing, or that a model cannot be acted
 *   on, is among the `problems`
 * @throws RangeError when a step is no share of devices
 */
export async function autopilot(options: AutopilotOptions): Promise<AutopilotStep> {
  const { repository, dryRun = false, now = Date.now } = options;
  for (const percent of options.steps ?? []) basisPoints(percent);
  await requireNoOfflineKey(options);
  const before = await readState(repository);
  await requireOnlineKeys(options, before.trusted.root);
  const wasHeld = await isStopped(repository);
  const mayWrite = !dryRun && !wasHeld;
  const asked = await askWhetherSilent(before, mayWrite, options);
  const done = mayWrite
    ? await act(asked, options)
    : { canaries: decideAll(before, asked, options), acts: [], problems: [] };
  const isHeld = wasHeld || (await isStopped(repository)); // it may have waited for minutes
  const renewed = mayWrite && !isHeld ? await renewDue(options) : [];
  const after = await readState(repository);
  const { facts: out } = options;
  return {
    dryRun,
    isHeld,
    ...done,
    renewed,
    metadata: metadataVersions(after),
    facts: dryRun ? undefined : await facts({ repository, trust: after.pin, out, now }),
    problems: [...asked.problems, ...done.problems],
  };
}

function readState(repository: string): Promise<RepositoryState> {
  return requireRepository(openDirectorySource(repository), repository);
}

function isStopped(repository: string): Promise<boolean> {
  return exists(join(repository, HOLD_FILE));
}

/** Nothing is taken back because a collector was silent once. */
async function askWhetherSilent(
  state: RepositoryState,
  mayWrite: boolean,
  options: AutopilotOptions,
): Promise<Asked> {
  const { fleet, pause = setTimeout } = options;
  const canaries = canariesOnOffer(state);
  const asked = await askOfCanaries(fleet, canaries);
  const isSilent = decideAll(state, asked, options).some(
    ({ decision: { act, because } }) => act === 'revoke' && because === 'no-answer',
  );
  if (!isSilent || !mayWrite) return asked;
  await pause(ASK_AGAIN_MS);
  return askOfCanaries(fleet, canaries);
}

function decideAll(
  state: RepositoryState,
  { told, problems }: Asked,
  { steps = [], stable = false, noAnswer = 'revoke', now = Date.now }: AutopilotOptions,
): DecidedCanary[] {
  const present = { revision: metadataVersions(state).targets, nowMs: now() };
  return canariesOnOffer(state).map((canary) => {
    const answer = told.find(
      ({ model, figures: { version, experiment } }) =>
        model === canary.model && version === canary.version && experiment === canary.experiment,
    );
    // a refused token is a wrong setting, and no silence
    const isRefused = problems.some(
      ({ model, code }) => model === canary.model && code === 'read-token-missing',
    );
    const rules = { steps, stable, noAnswer: isRefused ? 'hold' : noAnswer } as const;
    const decision = decide(canary, answer, rules, present);
    return { ...canary, decision, answer };
  });
}

/**
 * Decides by the repository as it is under its lock, and acts. Boot files that a killed step left old are written,
 * also where nothing else is.
 */
async function act(asked: Asked, options: AutopilotOptions): Promise<Acted> {
  const { repository } = options;
  const { result } = await changeRepository(repository, (locked) => {
    const canaries = decideAll(requirePublished(locked.before, repository), asked, options);
    return doAll(canaries, locked, options);
  });
  return result;
}

type Acted = Pick<AutopilotStep, 'canaries' | 'acts' | 'problems'>;

/** Each act is written down before devices can see it. A canary that cannot be acted on keeps none from being taken back. */
async function doAll(
  canaries: readonly DecidedCanary[],
  { source, before, writer }: LockedRepository,
  options: AutopilotOptions,
): Promise<Acted> {
  const { repository, now = Date.now } = options;
  const acts: LoggedAct[] = [];
  const problems: ModelProblem[] = [];
  let state = requirePublished(before, repository);
  for (const canary of canaries) {
    const signed = await signAct(canary, { source, before: state }, options).catch((error) => {
      problems.push(problemOf(canary.model, error));
    });
    if (!signed || (await isStopped(repository))) continue;
    const nowMs = now();
    const logged = loggedAct(canary, { targets: signed.metadata.targets, nowMs });
    await logAct(repository, logged, writer);
    for (const [path, bytes] of signed.files) await writer.write(path, bytes);
    state = requirePublished(await readRepository(source), repository);
    acts.push(logged);
  }
  await logDropped(repository, { writer, state, nowMs: now() });
  return { canaries, acts, problems };
}

async function signAct(
  { model, version, decision }: DecidedCanary,
  repository: PublishedRepository,
  { keys, passphrase, now }: AutopilotOptions,
): Promise<SignedRewrite | undefined> {
  const options = { model, version, keys, passphrase, now };
  switch (decision.act) {
    case 'revoke':
      return signRevocation(repository, options);
    case 'promote':
      return signPromotion(repository, { ...options, to: decision.to });
    case 'wait':
      return undefined;
  }
}

async function renewDue(options: AutopilotOptions): Promise<readonly TufRole[]> {
  const { repository, now = Date.now } = options;
  const { trusted } = await readState(repository);
  const roles = ONLINE_ROLES.filter((role) => isHalfOver(trusted, role, now()));
  if (roles.length === 0) return [];
  const { keys, passphrase } = options;
  return (await renew({ repository, keys, passphrase, roles, now })).renewed;
}

function loggedAct(
  { model, version, decision, answer }: DecidedCanary,
  { targets, nowMs }: { targets: number; nowMs: number },
): LoggedAct {
  return {
    time: new Date(nowMs).toISOString(),
    model,
    version,
    ...(decision as Exclude<Decision, { act: 'wait' }>),
    targets,
    verdict: answer?.verdict,
    figures: answer?.figures,
  };
}
