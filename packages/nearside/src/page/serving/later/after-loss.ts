import { NearsideError } from '@nearside/core';
import type { AvailableBackend, Quarantined } from '../../../shared/api/backends.js';
import { isSameContender, runsOnCpu, variantsFor } from '../../../shared/contenders.js';
import type { BackendChoice, Caution } from '../../choice/backend-choice.js';
import type { FirstLook } from '../../choice/first-look.js';
import { judgeMarks, type UnjudgedMarks } from '../../choice/later/deaths.js';
import {
  allowedBy,
  type Care,
  decide,
  isLight,
  needsOneThread,
  quarantinedBy,
  triesAgainMs,
} from '../../choice/later/ladder.js';
import type { PageMark } from '../../choice/page-mark.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { serveActiveOrPrevious, startVersion } from '../start-version.js';
import { announceRollBack, rollBack } from './roll-back.js';

type Serve = typeof serveActiveOrPrevious;

/** Opens a model with more care after pages died that were at work for it. */
export async function openAfterDeaths(
  plan: OpenPlan,
  { choice, unjudged }: FirstLook,
  page: PageMark,
): Promise<{ readonly plan: OpenPlan; readonly serve: Serve }> {
  const care = await careAfterDeaths(plan, choice, unjudged);
  if (!care) return { plan, serve: serveActiveOrPrevious };
  choice.caution = createCaution(care, plan);
  choice.passing = quarantinedBy(care);
  if (isLight(care)) choice.isSizeUnknown = false; // the lightest download is not the lightest in memory
  const lighter = lighten(plan, care);
  page.threads = lighter.threads;
  return { plan: lighter, serve: serveWith(care) };
}

/** Lists the contenders for which pages died lately, for people. */
export async function listDeaths(
  plan: OpenPlan,
  { choice, unjudged }: FirstLook,
): Promise<readonly Quarantined[]> {
  const care = await careAfterDeaths(plan, choice, unjudged);
  return care ? quarantinedBy(care) : [];
}

/** @returns undefined where no page died lately, and where the store does not say */
async function careAfterDeaths(
  plan: OpenPlan,
  { record: { adapter } }: BackendChoice,
  unjudged: UnjudgedMarks | undefined,
): Promise<Care | undefined> {
  if (!unjudged) return undefined;
  const place = { nowMs: Date.now(), adapter };
  const judged = await judgeMarks(plan, unjudged, place).catch(() => undefined);
  if (!judged) return undefined;
  const { record, sequence } = judged;
  const { backends, isBackendForced } = plan;
  const forced = isBackendForced ? backends[0] : undefined;
  const care = decide(record.deaths, { ...place, sequence, backends, forced });
  return care.deaths.length > 0 ? care : undefined;
}

/** Leaves out of a choice what must not be opened. */
function createCaution(care: Care, { contenders }: OpenPlan): Caution {
  const { again, rung } = care;
  const known = care.deaths.findLast((death) => death.variants);

  /** Where the caller has chosen a backend it is the only one. */
  function backendsOf(usual: readonly AvailableBackend[]): AvailableBackend[] {
    const first = contenders.filter((backend) => backend === again?.backend);
    const left = usual.filter((backend) => rung === 0 || runsOnCpu(backend));
    return [...new Set([...first, ...(usual.length > 1 ? left : usual)])];
  }

  return {
    care,
    order(usual) {
      const backends = backendsOf(usual);
      const { sequence, variants = [] } = known ?? {};
      const likely = allowedBy(care, { sequence, variants }, backends);
      return [...new Set([...likely.map(({ backend }) => backend), ...backends])];
    },
    allowed(backend, spec, usual) {
      const allowed = allowedBy(care, spec, backendsOf(usual));
      if (allowed.length === 0) throw pageLost(care, spec.name);
      return variantsFor(backend, spec.variants).filter(({ name: variant }) =>
        allowed.some((one) => isSameContender(one, { backend, variant })),
      );
    },
  };
}

function lighten(plan: OpenPlan, care: Care): OpenPlan {
  const threads = needsOneThread(care) ? 1 : plan.threads;
  if (!isLight(care)) return { ...plan, threads };
  const { tune, policy } = plan;
  return {
    ...plan,
    threads,
    tune: { ...tune, when: 'off' },
    policy: { ...policy, update: 'manual' },
  };
}

function serveWith(care: Care): Serve {
  if (care.rung === 3) {
    return async ({ plan }) => {
      throw pageLost(care, plan.address.model);
    };
  }
  const { goesBackFrom } = care;
  return goesBackFrom ? serveBefore(care, goesBackFrom) : serveActiveOrPrevious;
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
    choice.caution = createCaution({ ...care, rung: 0 }, plan);
    const event = { failed, to, code: 'page-lost', plan, emitter } as const;
    await rollBack(event).catch(() => announceRollBack(event)); // it goes back again at the next visit
    return to;
  };
}

function pageLost(care: Care, model: string): NearsideError {
  const last = quarantinedBy(care).at(-1);
  const again = new Date(triesAgainMs(care)).toISOString();
  return new NearsideError(
    'page-lost',
    `${model}: expected the page to live on while it is opened, but the browser has ended ${care.deaths.length} pages, most likely ` +
      `for want of memory. ${last?.message ?? ''} One more try, the lightest, is made after ${again}.`,
    { details: { model, lost: care.deaths.map(describe), again }, retryable: true },
  );
}

function describe({ phase, backend, variant, threads, atMs }: Care['deaths'][number]) {
  return { phase, backend, variant, threads, at: new Date(atMs).toISOString() };
}
