import { NearsideError } from '@nearside/core';
import type { AvailableBackend, Quarantined } from '../../../shared/api/backends.js';
import { runsOnCpu } from '../../../shared/contenders.js';
import type { BackendChoice } from '../../choice/backend-choice.js';
import type { FirstLook } from '../../choice/first-look.js';
import { judgeMarks } from '../../choice/later/deaths.js';
import {
  allowedBy,
  type Care,
  decide,
  isLight,
  needsOneThread,
  quarantinedBy,
  triesAgainMs,
} from '../../choice/later/ladder.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { serveActiveOrPrevious, startVersion } from '../start-version.js';
import { announceRollBack, rollBack } from './roll-back.js';

type Serve = typeof serveActiveOrPrevious;

/** Opens a model with more care after pages died that were at work for it. */
export async function lookAfterLoss(
  plan: OpenPlan,
  look: FirstLook,
): Promise<{ readonly plan: OpenPlan; readonly serve: Serve }> {
  const care = await careAfterLoss(plan, look).catch(() => undefined); // as if there were none
  if (!care) return { plan, serve: serveActiveOrPrevious };
  takeCare(look.choice, care, plan);
  return { plan: lighten(plan, care), serve: serveWith(care) };
}

/** @returns undefined where no page died lately */
async function careAfterLoss(
  plan: OpenPlan,
  { choice, trouble }: Pick<FirstLook, 'choice' | 'trouble'>,
): Promise<Care | undefined> {
  if (!trouble) return undefined;
  const place = { nowMs: Date.now(), adapter: choice.record.adapter };
  const { record, sequence } = await judgeMarks(plan, trouble, place);
  const { backends, isBackendForced } = plan;
  const forced = isBackendForced ? backends[0] : undefined;
  const care = decide(record.deaths, { ...place, sequence, backends, forced });
  return care.lost.length > 0 ? care : undefined;
}

/** Lists the contenders for which pages died lately, for people. */
export async function whatWasLost(
  plan: OpenPlan,
  look: FirstLook,
): Promise<readonly Quarantined[]> {
  const care = await careAfterLoss(plan, look).catch(() => undefined);
  return care ? quarantinedBy(care) : [];
}

/** Has the choice leave out what must not be opened. */
function takeCare(choice: BackendChoice, care: Care, { contenders }: OpenPlan): void {
  const { openingOrder, pickVariant } = choice;
  const known = care.lost.findLast((death) => death.variants);
  choice.care = care;
  choice.passing = quarantinedBy(care);
  if (isLight(care)) choice.isSizeUnknown = false; // the lightest download is not the lightest in memory

  /** Where the caller has chosen a backend it is the only one. */
  function backendsFor({ again, rung }: Care): AvailableBackend[] {
    const order = openingOrder();
    const isLeft = (backend: AvailableBackend) => rung === 0 || runsOnCpu(backend);
    const first = contenders.filter((backend) => backend === again?.backend);
    return [...new Set([...first, ...(order.length > 1 ? order.filter(isLeft) : order)])];
  }

  choice.openingOrder = () => {
    const { care: now = care } = choice;
    const backends = backendsFor(now);
    const { sequence, variants = [] } = known ?? {};
    const likely = allowedBy(now, { sequence, variants }, backends).map(({ backend }) => backend);
    return [...new Set([...likely, ...backends])];
  };
  choice.pickVariant = (backend, spec) => {
    const { care: now = care } = choice;
    const allowed = allowedBy(now, spec, backendsFor(now));
    if (allowed.length === 0) throw pageLost(now, spec.name);
    const isAllowed = ({ name }: { readonly name: string }) =>
      allowed.some((one) => one.backend === backend && one.variant === name);
    return pickVariant(backend, { ...spec, variants: spec.variants.filter(isAllowed) });
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
  return care.goesBackFrom ? serveBefore : serveActiveOrPrevious;
}

/** Gives a version up that died twice before it had settled; where none was before it, it is opened with all care. */
const serveBefore: Serve = async (context, options) => {
  const { choice, plan, emitter } = context;
  const { care } = choice;
  const { goesBackFrom: failed } = care ?? {};
  if (!care || !failed) return serveActiveOrPrevious(context, options);
  choice.care = { ...care, rung: 0, lost: [] }; // it was another version that died
  const which = { kind: 'previous', failed: failed.sequence } as const;
  const started = startVersion(context, which, { ...options, boot: undefined, opened: [] });
  const to = await started.catch((error) => {
    if (plan.signal?.aborted) throw error;
  });
  if (!to) {
    choice.care = care;
    return serveActiveOrPrevious(context, options);
  }
  choice.care = { ...care, rung: 0 };
  const event = { failed, to, code: 'page-lost', plan, emitter } as const;
  await rollBack(event).catch(() => announceRollBack(event)); // it goes back again at the next visit
  return to;
};

function pageLost(care: Care, model: string): NearsideError {
  const lost = quarantinedBy(care);
  const again = new Date(triesAgainMs(care)).toISOString();
  return new NearsideError(
    'page-lost',
    `${model}: expected the page to live on while it is opened, but the browser has ended ${lost.length} pages, most likely ` +
      `for want of memory. ${lost.at(-1)?.message ?? ''} One more try, the lightest, is made after ${again}.`,
    { details: { model, lost: care.lost.map(describe), again }, retryable: true },
  );
}

function describe({ phase, backend, variant, threads, atMs }: Care['lost'][number]) {
  return { phase, backend, variant, threads, at: new Date(atMs).toISOString() };
}
