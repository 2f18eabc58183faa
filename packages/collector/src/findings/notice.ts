import type { FindingEntry } from '../store/rollup-store.js';
import type { Finding } from './findings-of.js';

/** What a receiver is told of a finding that began or ended. */
export interface Notice {
  /** One line, as chats show it. */
  readonly text: string;
  readonly model: string;
  /** Null where it is of the whole model. */
  readonly version: string | null;
  readonly kind: string;
  /** What tells several of a kind apart. */
  readonly subject: string;
  readonly state: string;
  /** In ISO 8601. */
  readonly at: string;
  /** The `Finding` when it began. Null where it ended. */
  readonly figures: unknown;
  readonly runbook: string;
  /** Opens the page at that time. */
  readonly link: string;
  /**
   * Each notice has another one. The same one comes again where the collector heard no answer in time, or could not write
   * down that it was taken.
   */
  readonly id: number;
}

/** @param url address at which people reach the collector, without a slash at its end */
export function noticeOf(entry: FindingEntry, url: string): Notice {
  const { n, model, version, kind, subject, state, figures } = entry;
  const at = new Date(entry.atMs).toISOString();
  const link = `${url}/?${new URLSearchParams({ view: 'on-call', model, at })}`;
  const runbook = `${url}/runbooks/nearside-${kind}`;
  return {
    text: `${wordsOf(entry)} ${link} Runbook: ${runbook}`,
    ...{ model, version: version || null, kind, subject, state, at, figures, runbook, link, id: n },
  };
}

const FAULTS: { readonly [Id in Finding['id']]: string } = {
  silence: 'has far fewer devices than usual',
  rollout: 'is worse than its control',
  success: 'fails too often',
  latency: 'is too slow',
  drift: 'sees or says something else than before',
  baseline: 'sees or says something far from its baseline',
  concept: 'is right less often than its confidence says',
  accuracy: 'is right less often than its target allows',
};

function wordsOf({ model, version, kind, subject, state, figures }: FindingEntry): string {
  const what = [model, version, FAULTS[kind as Finding['id']] ?? kind].filter(Boolean).join(' ');
  const which = kind === 'drift' || kind === 'baseline' ? ` (${subject})` : '';
  if (state === 'ended') return `Ended: ${what}${which}.`;
  return `${what}${which}${detailOf(figures as Finding)}.`;
}

function detailOf(finding: Finding): string {
  switch (finding.id) {
    case 'rollout':
      return ': roll it back';
    case 'success':
      return `: ${percent(finding.success.value)} of runs succeed, the target is ${percent(finding.target)}`;
    case 'latency':
      return `: ${Math.round(finding.p95Ms.value ?? 0)} ms at P95, the target is ${finding.targetMs} ms`;
    case 'accuracy':
      return `: ${percent(finding.ratio.value)} as often as on held-out data, the target is ${percent(finding.target)}`;
    default:
      return '';
  }
}

/** `99.9%` */
function percent(share: number | null): string {
  return `${Number(((share ?? 0) * 100).toFixed(2))}%`;
}
