import type { BackendVerdict } from './model.js';
import type { AvailableBackend } from './runtime-assets.js';
import type { Serving } from './serving.js';

/** The candidates in their order: those that failed and why, the one that serves, the rest. */
export function explainBackend(
  { backend: serving, variant, loaded, quarantined }: Serving,
  candidates: readonly AvailableBackend[],
): BackendVerdict[] {
  return [...new Set([...candidates, serving])].map((backend) => {
    if (backend === serving) {
      const { hardware, threads, times } = loaded;
      const startMs = times.runtime + times.session + times.check;
      const verdict = loaded.isProven ? 'serving' : 'unproven';
      return { backend, verdict, variant: variant.name, hardware, threads, startMs };
    }
    const failure = quarantined.find((failed) => failed.backend === backend);
    if (!failure) return { backend, verdict: 'untried' };
    const { code, message } = failure;
    return { backend, verdict: 'quarantined', code, message };
  });
}
