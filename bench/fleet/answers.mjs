import { MODEL } from './model.mjs';
import { START_MS, WEEK_MS } from './week-scenarios.mjs';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const END_MS = START_MS + WEEK_MS;

/** Over what each question is asked: the whole week with a day on either side, the week, its last day. */
const RANGES = {
  latency: { from: START_MS - DAY_MS, to: END_MS + DAY_MS, step: 6 * HOUR_MS },
  service: { from: START_MS, to: END_MS },
  drift: { from: END_MS - DAY_MS, to: END_MS },
  accuracy: { from: END_MS - DAY_MS / 2, to: END_MS },
  canary: { from: START_MS, to: END_MS },
  coverage: { from: END_MS - DAY_MS, to: END_MS },
  cost: { from: START_MS, to: END_MS },
  silence: { from: END_MS - DAY_MS, to: END_MS },
};

/** What a collector says of the week, by question; and what it counted. */
export async function readAnswers(collector) {
  const answers = {};
  for (const [question, range] of Object.entries(RANGES)) {
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
