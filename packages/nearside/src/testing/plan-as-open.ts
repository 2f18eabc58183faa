import type { AvailableBackend } from '../api/backends.js';
import type { OpenOptions } from '../api/open-options.js';
import { checkOpenOptions } from '../options/check-call-options.js';
import { NO_DEFAULTS, type PlanDefaults, planOpening } from '../options/plan-opening.js';

/** Plans as `open` does, on a platform that hosts these backends. */
export function planAsOpen(
  url: string,
  options: OpenOptions,
  {
    hosted,
    defaults = {},
  }: { readonly hosted: readonly AvailableBackend[]; readonly defaults?: Partial<PlanDefaults> },
) {
  const help = async () => ({ checkOpenOptions });
  return planOpening(url, options, { hosted, defaults: { ...NO_DEFAULTS, ...defaults }, help });
}
