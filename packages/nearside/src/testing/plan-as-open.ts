import { checkOpening } from '../page/options/later/check-calls.js';
import { NO_DEFAULTS, type PlanDefaults, planOpening } from '../page/options/plan-opening.js';
import type { AvailableBackend } from '../shared/api/backends.js';
import type { OpenOptions } from '../shared/api/open-options.js';

/** Plans as `open` does, on a platform that hosts these backends. */
export function planAsOpen(
  url: string,
  options: OpenOptions,
  {
    hosted,
    defaults = {},
  }: { readonly hosted: readonly AvailableBackend[]; readonly defaults?: Partial<PlanDefaults> },
) {
  const help = async () => ({ checkOpening });
  return planOpening(url, options, { hosted, defaults: { ...NO_DEFAULTS, ...defaults }, help });
}
