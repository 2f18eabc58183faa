import type { ReleaseIdentity } from '@nearside/artifact';
import { isNearsideError, NearsideError } from '@nearside/core';
import type { AvailableBackend } from '../../../shared/api/backends.js';
import { findContender, runsOnCpu, variantsFor } from '../../../shared/contenders.js';
import type { BackendChoice, Caution } from '../../choice/backend-choice.js';
import type { FirstLook } from '../../choice/first-look.js';
import { judgeMarks, type Traces, threadsFor } from '../../choice/later/deaths.js';
import type { Death } from '../../choice/later/device-record.js';
import {
  allowedBy,
  type Care,
  decide,
  isKeptFrom,
  isLight,
  needsOneThread,
  quarantinedBy,
  tellDeath,
  tellLost,
  triesAgainMs,
} from '../../choice/later/ladder.js';
import type { PageMark } from '../../choice/page-mark.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { askWorker } from '../../workers/watchdog.js';
import { BESIDE, type ModelContext, openOn, type Serving } from '../serving.js';
import { serveActiveOrPrevious, startVersion } from '../start-version.js';
import { rollBack } from './roll-back.js';

type Serve = typeof serveActiveOrPrevious;

/** Opens a model with more care after pages died that were at work for it. */
export async function openAfterDeaths(
  plan: OpenPlan,
  { choice, traces }: FirstLook,
  page: PageMark,
): Promise<{ readonly plan: OpenPlan; readonly serve: Serve }> {
  const care = await careAfterDeaths(plan, choice, traces);
  return care ? openWith(care, plan, { choice, page }) : { plan, serve: serveActiveOrPrevious };
}

/** Plans a lighter opening, and has the choice leave out what must not be opened. */
export function openWith(
  care: Care,
  plan: OpenPlan,
  {
    choice,
    page,
  }: { readonly choice: BackendChoice; readonly page: { threads?: PageMark['threads'] } },
) {
  const lighter = lighten(plan, care);
  choice.caution = createCaution(care, lighter, whyFewer(plan, lighter));
  choice.passing = quarantinedBy(care);
  if (isLight(care)) choice.isSizeUnknown = false; // the lightest download is not the lightest in memory
  page.threads = lighter.threads;
  return { plan: lighter, serve: serveWith(care) };
}

function whyFewer({ threads }: OpenPlan, lighter: OpenPlan): string | undefined {
  return lighter.threads === threads
    ? undefined
    : `1 of ${threadsFor(threads)} threads: a page died lately`;
}

/** @returns undefined where no page died lately, and where the store does not say */
async function careAfterDeaths(
  plan: OpenPlan,
  { record: { adapter } }: BackendChoice,
  traces: Traces | undefined,
): Promise<Care | undefined> {
  if (!traces) return undefined;
  const place = { nowMs: Date.now(), adapter };
  const judged = await judgeMarks(plan, traces, place).catch(() => undefined);
  if (!judged) return undefined;
  const { record, ...versions } = judged;
  const { backends, isBackendForced } = plan;
  const forced = isBackendForced ? backends[0] : undefined;
  const care = decide(record.deaths, { ...place, ...versions, backends, forced });
  return care.deaths.length > 0 ? care : undefined;
}

/** Leaves out of a choice what must not be opened. */
function createCaution(care: Care, plan: OpenPlan, threadsReason: string | undefined): Caution {
  const { again, rung } = care;

  /** Where the caller has chosen a backend it is the only one. */
  function backendsOf(usual: readonly AvailableBackend[]): AvailableBackend[] {
    const first = plan.contenders.filter((backend) => backend === again?.backend);
    const left = usual.filter((backend) => rung === 0 || runsOnCpu(backend));
    return [...new Set([...first, ...(usual.length > 1 ? left : usual)])];
  }

  return {
    care,
    lost: tellLost(care),
    threadsReason,
    order(usual) {
      const backends = backendsOf(usual);
      const known = lastKnown(care);
      const likely = known ? allowedBy(care, known, backends) : [];
      return [...new Set([...likely.map(({ backend }) => backend), ...backends])];
    },
    allowed(backend, spec, usual) {
      const allowed = rung === 3 ? [] : allowedBy(care, spec, backendsOf(usual));
      if (allowed.length === 0) throw pageLost(care, plan, spec);
      return variantsFor(backend, spec.variants).filter(({ name: variant }) =>
        findContender(allowed, { backend, variant }),
      );
    },
    keepsFrom: (phase, contender) => isKeptFrom(care, phase, contender),
  };
}

function lighten(plan: OpenPlan, care: Care): OpenPlan {
  const threads = needsOneThread(care) && threadsFor(plan.threads) > 1 ? 1 : plan.threads;
  if (!isLight(care)) return { ...plan, threads };
  const { tune, policy } = plan;
  const update = care.isDaily ? policy.update : 'manual'; // a version that is mended is looked for once a day
  return { ...plan, threads, tune: { ...tune, when: 'off' }, policy: { ...policy, update } };
}

function serveWith(care: Care): Serve {
  if (care.rung === 3) {
    return async ({ plan }) => {
      throw pageLost(care, plan, lastKnown(care));
    };
  }
  const { goesBackFrom } = care;
  const serve = goesBackFrom ? serveBefore(care, goesBackFrom) : serveActiveOrPrevious;
  return (context, options) =>
    serve(context, options).catch((error) => serveNewer(context, options, error));
}

/**
 * Serves a newer version where no contender of the installed one may be opened: no page would ever come to look for it.
 *
 * @throws the error of the installed version where there is no newer one, or it cannot be served; `signal.reason`
 */
async function serveNewer(
  context: ModelContext,
  options: Parameters<Serve>[1],
  error: unknown,
): Promise<Serving> {
  const { signal, policy } = context.plan;
  const isLost = isNearsideError(error) && error.code === 'page-lost';
  if (!isLost || policy.update === 'manual') throw error;
  const serving = await findNewer(context)
    .then((next) => {
      const which = next && ({ kind: 'candidate', sequence: next.sequence } as const);
      return which && startVersion(context, which, { ...options, opened: [] });
    })
    .catch(() => undefined);
  if (serving) return serving;
  signal?.throwIfAborted();
  throw error;
}

/** @returns the version that this device should run instead, if any */
async function findNewer(context: ModelContext): Promise<ReleaseIdentity | undefined> {
  const { signal, policy, backends } = context.plan;
  const how = { ...BESIDE, which: { kind: 'active' }, signal } as const;
  const opened = await openOn(backends[0] as AvailableBackend, context, how);
  if (!opened) return undefined;
  const { connection } = opened;
  const limits = { watchdogMs: policy.watchdogMs, signal };
  const look = askWorker(connection, limits, ({ check }) => check({ maxAgeMs: 0 }));
  return (await look.finally(() => connection.close(undefined))).next;
}

/** Gives a version up that died twice before it had settled; where none was before it, it is opened with all care. */
function serveBefore(care: Care, failed: NonNullable<Care['goesBackFrom']>): Serve {
  return async (context, options) => {
    const { choice, plan, emitter } = context;
    const { caution } = choice;
    choice.caution = undefined; // it was another version that died
    const which = { kind: 'previous', failed: failed.sequence } as const;
    const started = startVersion(context, which, { ...options, boot: undefined, opened: [] });
    const to = await started.catch((error) => {
      if (plan.signal?.aborted) throw error;
    });
    if (!to) {
      choice.caution = caution;
      return serveActiveOrPrevious(context, options);
    }
    choice.caution = createCaution({ ...care, rung: 0 }, plan, caution?.threadsReason);
    const event = { failed, to, code: 'page-lost', plan, emitter } as const;
    await rollBack(event);
    return to;
  };
}

/** The last version that was known when a page died. */
function lastKnown({ deaths }: Care): Known | undefined {
  const known = deaths.findLast(({ variants }) => variants);
  return known as Known | undefined;
}

type Known = Parameters<typeof allowedBy>[1];

function pageLost(care: Care, plan: OpenPlan, known: Known | undefined): NearsideError {
  const { model } = plan.address;
  const { deaths } = care;
  const isOver = known && allowedBy({ ...care, rung: 0 }, known, plan.backends).length === 0;
  const again = isOver ? undefined : new Date(triesAgainMs(care)).toISOString();
  const until = again ?? 'the version of the model, the browser or the library changes';
  return new NearsideError(
    'page-lost',
    `${model}: expected the page to live on while it is opened, but the browser has ended ${deaths.length} pages, most likely ` +
      `for want of memory. The last one: ${tellDeath(deaths.at(-1) as Death)}. It is refused until ${until}. ` +
      `\`clear({ model: '${model}' })\` forgets the deaths.`,
    { details: { model, lost: tellLost(care), again, failures: quarantinedBy(care) } },
  );
}
