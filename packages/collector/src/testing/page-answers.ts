import type { ModelFacts } from '@nearside/core';
import type { Answers } from '../../dashboard/asking/ask.js';
import { addressOf, QUESTIONS, type QuestionName } from '../../dashboard/asking/questions.js';
import { answersFor, type Panel } from '../../dashboard/panel/panel.js';
import { type Moment, momentOf } from '../../dashboard/state/moment.js';
import { readPageState } from '../../dashboard/state/page-state.js';
import type { Table } from '../../dashboard/table/table.js';
import { timelineOf } from '../../dashboard/words/timeline.js';
import { answersOver, FLEET_QUESTIONS, type FleetQuestion, scopeOf } from '../answers/answers.js';
import { parsePrices } from '../files/prices.js';
import { parseTargets } from '../files/targets.js';
import { parseFleetQuery } from '../fleet/query.js';
import type { RollupStore } from '../store/rollup-store.js';

export interface PageOptions {
  /** The page's address behind the `?`. */
  readonly search: string;
  readonly nowMs: number;
  readonly facts?: ModelFacts['models'][number];
  readonly minDevices?: number;
}

const PRICES = parsePrices({
  currency: 'EUR',
  serverPerMillionInferences: 40,
  cdnPerGigabyte: 0.05,
  collectorPerMonth: 0,
});

/** Returns all answers that a collector on the store gives to a page with this address. */
export async function pageAnswers(
  store: RollupStore,
  names: readonly QuestionName[],
  { search, nowMs, facts, minDevices = 1 }: PageOptions,
): Promise<{ answers: Answers; moment: Moment }> {
  const reading = answersOver(store);
  const [summary] = await reading.models();
  if (!summary) throw new Error('expected a store with a model');
  const moment = momentOf(readPageState(search), summary, { nowMs, minDevices });
  const answers: Record<string, unknown> = {};
  for (const name of names) {
    const question = addressOf(QUESTIONS[name], moment);
    if (!question) continue;
    const { path } = QUESTIONS[name];
    if (path === 'traces') {
      answers[name] = { traces: await store.traces({ model: moment.model, limit: 100 }) };
      continue;
    }
    const asked = FLEET_QUESTIONS.find((one) => one === path) as FleetQuestion;
    const raw = Object.fromEntries(new URLSearchParams(question.address.split('?')[1]));
    const parsed = parseFleetQuery(raw, nowMs, scopeOf(asked));
    if (!parsed.ok) throw new Error(`${question.address}: ${parsed.refusal.message}`);
    answers[name] = await reading.fleet(asked, parsed.value, {
      minDevices,
      targets: parseTargets({}),
      facts,
      prices: PRICES,
    });
  }
  return { answers: answers as Answers, moment };
}

export interface Page {
  /** The table of a panel. */
  cells(id: string): Table;
  /** The table as CSV has it: names and numbers. */
  values(id: string): {
    readonly columns: readonly string[];
    readonly rows: readonly (readonly (string | number | null)[])[];
  };
}

/** Returns the panels of a page, with all questions answered. */
export async function pageOf(
  store: RollupStore,
  panels: readonly Panel[],
  names: readonly QuestionName[],
  options: PageOptions,
): Promise<Page> {
  const { answers, moment } = await pageAnswers(store, names, options);
  const lane = timelineOf(answers);
  function cells(id: string): Table {
    const panel = panels.find((one) => one.id === id);
    const found = panel && answersFor(panel, answers);
    if (!found || !('got' in found)) throw new Error(`${id}: expected its answers`);
    return panel.table(found.got, { moment, answers, lane });
  }
  return {
    cells,
    values(id) {
      const { columns, rows } = cells(id);
      return {
        columns,
        rows: rows.map((row) => row.map(({ text, value }) => (value === undefined ? text : value))),
      };
    },
  };
}
