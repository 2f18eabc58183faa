import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import {
  type Asked,
  answerOn,
  askOfCanaries,
  type ToldOfCanary,
} from '../autopilot/ask-of-canaries.js';
import { canariesOnOffer } from '../autopilot/canaries-on-offer.js';
import {
  type AutopilotRules,
  type CanaryOnOffer,
  type Decision,
  decide,
  WRONG_SETTING,
} from '../autopilot/decide.js';
import { type LoggedAct, openLog } from '../autopilot/log-of-acts.js';
import {
  ONLINE_ROLES,
  requireNoOfflineKey,
  requireOnlineKeys,
} from '../autopilot/require-online-keys.js';
import { orTell, problemOf, type StepProblem } from '../autopilot/step-problem.js';
import { isCode } from '../files/make-directory.js';
import type { CollectorAccess } from '../fleet/ask-fleet.js';
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
import { facts, requireFactsOutside, type WrittenFacts } from './facts.js';
import { signPromotion } from './promote.js';
import { isHalfOver, renew } from './renew.js';
import { signRevocation } from './revoke.js';

export interface AutopilotOptions extends KeySource, Partial<AutopilotRules> {
  /** Directory of the repository. */
  readonly repository: string;
  /** The collector that is asked. */
  readonly fleet: CollectorAccess;
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
  /** As the log of acts has them, unless a problem says that it could not be written. */
  readonly acts: readonly LoggedAct[];
  /** Roles that were signed anew, because less than half of their lifetime was left. */
  readonly renewed: readonly TufRole[];
  readonly metadata: MetadataVersions;
  /** Absent in a dry run, and where they could not be written. */
  readonly facts?: WrittenFacts | undefined;
  readonly problems: readonly StepProblem[];
}

export interface DecidedCanary extends CanaryOnOffer {
  readonly decision: Decision;
  /** Absent where the collector was not reached, or is a wrong one. */
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
 *   trust code when the repository does not verify. What comes after an act, or hinders the act on one model alone, is
 *   among the `problems`, and so is that the collector tells nothing
 * @throws TypeError when the facts would lie in the repository
 * @throws RangeError when a step is no share of devices
 */
export async function autopilot(options: AutopilotOptions): Promise<AutopilotStep> {
  const { repository, dryRun = false, now = Date.now } = options;
  for (const percent of options.steps ?? []) basisPoints(percent);
  await requireFactsOutside(options.facts, repository);
  await requireNoOfflineKey(options);
  const before = await readState(repository);
  await requireOnlineKeys(options, before.trusted.root);
  const wasHeld = await isStopped(repository);
  const mayWrite = !dryRun && !wasHeld;
  const asked = await askTwiceIfUnwatched(before, mayWrite, options);
  const { canaries, acts, problems } = mayWrite
    ? await act(asked, options)
    : { canaries: await decideAll(before, asked, options), acts: [], problems: [] };
  const isHeld = wasHeld || (await isStopped(repository)); // it may have waited for minutes
  const renewed = mayWrite && !isHeld ? await orTell(problems, renewDue(options)) : [];
  const after = await readState(repository);
  const of = { repository, trust: after.pin, out: options.facts, now };
  const written = dryRun ? undefined : await orTell(problems, facts(of));
  return {
    dryRun,
    isHeld,
    canaries,
    acts,
    renewed: renewed ?? [],
    metadata: metadataVersions(after),
    facts: written,
    problems: [...asked.problems, ...problems],
  };
}

function readState(repository: string): Promise<RepositoryState> {
  return requireRepository(openDirectorySource(repository), repository);
}

/** Whatever is there stops it: a link to nothing too, and what cannot be looked at. */
function isStopped(repository: string): Promise<boolean> {
  return lstat(join(repository, HOLD_FILE)).then(
    () => true,
    (error) => !isCode(error, 'ENOENT'),
  );
}

/** Nothing is taken back because a collector was silent once. */
async function askTwiceIfUnwatched(
  state: RepositoryState,
  mayWrite: boolean,
  options: AutopilotOptions,
): Promise<Asked> {
  const { fleet, pause = setTimeout } = options;
  const canaries = await canariesOnOffer(state);
  const asked = await askOfCanaries(fleet, canaries);
  const isUnwatched = (await decideAll(state, asked, options)).some(
    ({ decision: { act, because } }) => act === 'revoke' && because !== 'worse',
  );
  if (!isUnwatched || !mayWrite) return asked;
  await pause(ASK_AGAIN_MS);
  return askOfCanaries(fleet, canaries);
}

async function decideAll(
  state: RepositoryState,
  asked: Asked,
  { steps = [], stable = false, noAnswer = 'hold', now = Date.now }: AutopilotOptions,
): Promise<DecidedCanary[]> {
  const present = { revision: metadataVersions(state).targets, nowMs: now() };
  return (await canariesOnOffer(state)).map((canary) => {
    const answer = answerOn(canary, asked, state.pin);
    const decision = decide(canary, answer, { steps, stable, noAnswer }, present);
    return { ...canary, decision, answer: answer === WRONG_SETTING ? undefined : answer };
  });
}

/**
 * Decides by the repository as it is under its lock, and acts. Boot files that a killed step left old are written,
 * also where nothing else is.
 */
async function act(asked: Asked, options: AutopilotOptions): Promise<Acted> {
  const { repository } = options;
  const acted: Acted = { canaries: [], acts: [], problems: [] };
  await changeRepository(repository, async (locked) => {
    acted.canaries = await decideAll(requirePublished(locked.before, repository), asked, options);
    await doAll(acted, locked, options);
  }).catch((error) => {
    if (acted.acts.length === 0) throw error;
    acted.problems.push(problemOf(error));
  });
  return acted;
}

interface Acted {
  canaries: readonly DecidedCanary[];
  readonly acts: LoggedAct[];
  readonly problems: StepProblem[];
}

/**
 * Each act is written down before devices can see it. A canary that cannot be acted on keeps none from being taken back,
 * nor does a log that cannot be written: then it has a gap, and nothing is widened.
 */
async function doAll(
  { canaries, acts, problems }: Acted,
  { source, writer }: LockedRepository,
  options: AutopilotOptions,
): Promise<void> {
  const { repository, now = Date.now } = options;
  const readPublished = async () => requirePublished(await readRepository(source), repository);
  const log = await orTell(problems, openLog(repository, writer));
  for (const canary of canaries) {
    const { model, decision } = canary;
    if (decision.act === 'wait' || (decision.act === 'promote' && !log)) continue;
    const before = await readPublished();
    try {
      const signed = await signAct(canary, decision, { source, before }, options);
      if (await isStopped(repository)) continue;
      const act = loggedAct(canary, decision, { targets: signed.metadata.targets, nowMs: now() });
      if (decision.act === 'promote') await log?.begin(act);
      else if (log) await orTell(problems, log.begin(act), model);
      for (const [path, bytes] of signed.files) await writer.write(path, bytes);
      acts.push(act);
    } catch (error) {
      problems.push(problemOf(error, model));
    }
  }
  if (log) await orTell(problems, log.drop(await readPublished(), now()));
}

type Act = Exclude<Decision, { act: 'wait' }>;

async function signAct(
  { model, version }: DecidedCanary,
  decision: Act,
  repository: PublishedRepository,
  { keys, passphrase, now }: AutopilotOptions,
): Promise<SignedRewrite> {
  const options = { model, version, keys, passphrase, now };
  if (decision.act === 'revoke') return signRevocation(repository, options);
  return signPromotion(repository, { ...options, to: decision.to });
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
  { model, version, answer }: DecidedCanary,
  decision: Act,
  { targets, nowMs }: { targets: number; nowMs: number },
): LoggedAct {
  return {
    time: new Date(nowMs).toISOString(),
    model,
    version,
    ...decision,
    targets,
    verdict: answer?.verdict,
    figures: answer?.figures,
  };
}
