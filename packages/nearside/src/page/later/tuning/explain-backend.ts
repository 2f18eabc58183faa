import type { BackendVerdict } from '../../../shared/api/backends.js';
import { listContenders } from '../../../shared/contender-order.js';
import {
  type Contender,
  contenderName,
  contenderOf,
  findContender,
  hasVariantFor,
  isSameContender,
  runtimeOf,
} from '../../../shared/contenders.js';
import type { BackendChoice } from '../../choice/backend-choice.js';
import { type Care, isLight, quarantinedBy } from '../../choice/later/ladder.js';
import { forgetBroken } from '../../choice/later/remember-choice.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import type { Serving } from '../../serving/serving.js';
import { isDataExpensive } from '../idle-device.js';
import { isKnownFaster, START_COST_MS } from './loss-of-runs.js';
import { mayTune } from './tuner.js';

/** Lists every variant on every backend that may serve here, and what became of it. */
export function explainBackend(
  serving: Serving,
  { plan, choice }: { plan: OpenPlan; choice: BackendChoice },
): BackendVerdict[] {
  if (serving.noBackend) {
    return serving.failures.map((failure) => ({ ...failure, verdict: 'quarantined' }));
  }
  forgetBroken(choice); // it may be asked before anything else that looks at the record
  const { variants } = serving.version.spec;
  const present = contenderOf(serving);
  const listed = listContenders(variants, plan.contenders);
  const isListed = findContender(listed, present) !== undefined;
  return [
    ...[...(isListed ? [] : [present]), ...listed].map((contender) =>
      explainContender(contender, { serving, plan, choice }),
    ),
    ...plan.contenders
      .filter((backend) => !hasVariantFor(backend, variants))
      .map((backend): BackendVerdict => {
        const message = `no variant for ${runtimeOf(backend)}`;
        return { backend, verdict: 'untried', message };
      }),
  ];
}

function explainContender(
  contender: Contender,
  { serving, plan, choice }: { serving: Serving; plan: OpenPlan; choice: BackendChoice },
): BackendVerdict {
  const { bytes, message } = choice.remarks.get(contenderName(contender)) ?? {};
  const measured = findContender(choice.record.measured, contender);
  const row = { ...contender, bytes, p50Ms: measured?.p50Ms };
  const { care, threadsReason: why } = choice.caution ?? {};
  const died = care ? quarantinedBy(care) : [];
  if (isSameContender(contender, contenderOf(serving))) {
    const { hardware, threads, threadsReason = why, times, verdict: found } = serving.loaded;
    const startupMs = times.runtime + times.session + times.check;
    const verdict = found === 'proven' ? 'serving' : found;
    const death = findContender(died, contender);
    const message = [threadsReason, death?.message].filter(Boolean).join('; ') || undefined;
    return { ...row, verdict, hardware, threads, startupMs, code: death?.code, message };
  }
  const failed = [...choice.record.quarantined, ...choice.passing, ...died].find(
    ({ backend, variant }) =>
      backend === contender.backend && (variant ?? contender.variant) === contender.variant,
  );
  if (failed) {
    return { ...row, verdict: 'quarantined', code: failed.code, message: failed.message };
  }
  if (isKnownFaster(choice, contender, contenderOf(serving))) {
    const why = mayTune(plan) ? (message ?? WHEN_WORTH) : whyUntried(plan, care);
    return { ...row, verdict: 'faster', message: why };
  }
  if (measured && measured.p50Ms !== undefined) return { ...row, verdict: 'slower' };
  return { ...row, verdict: 'untried', message: message ?? whyUntried(plan, care) };
}

/** The remark on a backend that is known to be faster. */
const WHEN_WORTH = `it takes over once this visit's runs have lost ${START_COST_MS} ms without it`;

function whyUntried({ tune, isBackendForced, policy }: OpenPlan, care: Care | undefined): string {
  if (care && isLight(care)) return 'a page died lately, and nothing runs beside calls for a day';
  if (isBackendForced) return '`backend` names another';
  if (isDataExpensive(policy.saveData)) return 'the page or the browser saves data (saveData)';
  return tune.when === 'off' ? "`tune` is 'off'" : 'not yet: it is tried when the page is idle';
}
