import { MODEL } from './model.mjs';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

/**
 * Over what each question is asked: all of the time with a day on either side, all of it, or lately: the last day of a week,
 * the last week of a month.
 */
function rangesOf({ startMs, endMs }) {
  const all = { from: startMs, to: endMs };
  const lately = { from: endMs - (endMs - startMs > WEEK_MS ? WEEK_MS : DAY_MS), to: endMs };
  return {
    latency: { from: startMs - DAY_MS, to: endMs + DAY_MS, step: 6 * HOUR_MS },
    service: all,
    drift: lately,
    accuracy: lately,
    // of the whole rollout, wherever it is asked from
    canary: endMs - startMs > WEEK_MS ? all : lately,
    coverage: { from: endMs - DAY_MS, to: endMs },
    cost: all,
    silence: lately,
    findings: all,
  };
}

/** What a collector says of the time of a scenario, by question; and what it counted. */
export async function readAnswers(collector, scenario) {
  const answers = {};
  for (const [question, range] of Object.entries(rangesOf(scenario))) {
    const query = new URLSearchParams({ model: MODEL, ...range });
    answers[question] = await collector.read(`/v1/fleet/${question}?${query}`);
  }
  const metrics = await collector.read('/metrics');
  const reportsBy = (outcome) => {
    const line = new RegExp(
      `^nearside_collector_reports_total\\{outcome="${outcome}"\\} (\\d+)`,
      'm',
    );
    return Number(line.exec(metrics)?.[1] ?? 0);
  };
  answers.reports = { accepted: reportsBy('accepted'), duplicate: reportsBy('duplicate') };
  return answers;
}
