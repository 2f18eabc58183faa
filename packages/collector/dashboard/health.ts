import { byId, element } from './element.js';
import { fetchHealth, type Health } from './fetch-health.js';
import { healthFindings } from './health-findings.js';
import { showAccuracy, showDrift, showRollouts } from './health-tables.js';

const REFRESH_SECONDS = 60;

/** Says whether the model is well, and looks again once a minute while the page is visible. */
export function createHealth(): { show(model: string): void } {
  let shown: string | undefined;
  let looking = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;

  function look(model: string): void {
    looking.abort();
    looking = new AbortController();
    clearTimeout(timer);
    const { signal } = looking;
    fetchHealth(model, signal)
      .then((health) => {
        showFindings(health);
        showRollouts(health.canary);
        showDrift(health.drift);
        showAccuracy(health.accuracy);
      })
      .catch(() => {})
      .finally(() => {
        if (signal.aborted) return;
        timer = setTimeout(() => {
          shown = undefined;
          if (!document.hidden) look(model);
        }, REFRESH_SECONDS * 1000);
      });
  }

  return {
    show(model) {
      if (shown === model) return;
      shown = model;
      look(model);
    },
  };
}

function showFindings(health: Health): void {
  const findings = healthFindings(health);
  const unknown = Object.entries(health).flatMap(([question, answer]) => (answer ? [] : question));
  const section = byId('health');
  section.hidden = false;
  section.classList.toggle('unwell', findings.length > 0 || unknown.length > 0);
  section.replaceChildren(
    findings.length === 0
      ? element('p', {}, quietWords(unknown))
      : element(
          'ul',
          {},
          ...findings.map(({ id, text }) => element('li', { 'data-finding': id }, text)),
        ),
  );
}

function quietWords(unknown: readonly string[]): string {
  if (unknown.length > 0) return `Not known: the collector had no answer on ${unknown.join(', ')}.`;
  return 'Healthy: nothing alarms now.';
}
