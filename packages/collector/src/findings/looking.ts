import type { ModelFacts } from '@nearside/core';
import type { Answers, FleetContext } from '../answers/answers.js';
import { LOOK, type ResumedFigures } from '../fleet/findings.js';
import { factsAbout } from '../fleet/query.js';
import type { NewFindingEntry, RollupStore } from '../store/rollup-store.js';
import { compareLooks, keyOf, type Observation, type Unconfirmed } from './compare-looks.js';
import { lookAtModel, type SeenModel } from './look-at-model.js';

export interface LookingOptions {
  /** Of several collectors on a store one looks. */
  readonly store: Pick<RollupStore, 'lastFindings' | 'addLook' | 'isKeeper' | 'settle'>;
  readonly answers: Answers;
  readonly context: () => Omit<FleetContext, 'facts' | 'revision' | 'pin'>;
  /** The present facts about models. All of a look is judged by the same. */
  readonly facts: () => ModelFacts | undefined;
  /** Looks are to come so often. */
  readonly everyMs: number;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

export interface Looking {
  /** Looks at all models and writes down what has changed. It never rejects. */
  look(): Promise<void>;
  /** Waits for the look under way, which writes nothing any more. */
  close(): Promise<void>;
}

/** A longer time without a look is written down. */
const MOST_MISSED = 3;

/** Looks for findings, one look after the other. */
export function createLooking(options: LookingOptions): Looking {
  const { store, everyMs, now, onError } = options;
  let unconfirmed: Unconfirmed = new Map();
  let last = Promise.resolve();
  let isClosed = false;

  async function look(): Promise<void> {
    if (isClosed) return;
    if (!(await store.isKeeper())) {
      unconfirmed = new Map();
      return;
    }
    const atMs = now();
    const facts = options.facts();
    const revision = facts?.revision ?? null;
    // questions are answered without what cannot be made readable, which would look as silence does
    await store.settle();
    const { lookedMs, entries } = await store.lastFindings();
    const written = entries.filter(({ kind }) => kind !== LOOK);
    const open = new Set(written.filter(({ state }) => state === 'began').map(keyOf));
    const isWritten = (one: Observation) => one.state !== 'began' || open.has(keyOf(one));
    const asked = { nowMs: atMs, facts, isWritten, isClosed: () => isClosed };
    const { seen, errors } = await lookAtModels(options, asked);
    const compared = compareLooks(
      unconfirmed,
      {
        atMs,
        revision,
        observed: [...seen.values()].flatMap(({ observed }) => observed),
        // a model that nobody reports any more has nothing wrong
        isKnown: ({ model, kind }) => !seen.get(model)?.unknown.has(kind),
      },
      written,
    );
    if (isClosed) return;
    const isLate = lookedMs === null || atMs - lookedMs > MOST_MISSED * everyMs;
    const resumed = isLate ? [resumedAt(atMs, revision, { sinceMs: lookedMs })] : [];
    await store.addLook([...resumed, ...compared.entries], atMs);
    unconfirmed = compared.unconfirmed;
    if (errors.length > 0) throw unanswered(errors);
  }

  return {
    look() {
      last = last.then(look).catch((error) => {
        if (!isClosed) onError(error);
      });
      return last;
    },
    close() {
      isClosed = true;
      return last;
    },
  };
}

/** @returns what each model has, and the errors of questions without an answer */
async function lookAtModels(
  { answers, context }: Pick<LookingOptions, 'answers' | 'context'>,
  {
    facts,
    isClosed,
    ...asked
  }: {
    readonly nowMs: number;
    readonly facts: ModelFacts | undefined;
    readonly isWritten: (one: Observation) => boolean;
    readonly isClosed: () => boolean;
  },
): Promise<{ seen: ReadonlyMap<string, SeenModel>; errors: readonly unknown[] }> {
  const seen = new Map<string, SeenModel>();
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  for (const { model } of await answers.models()) {
    if (isClosed()) break;
    const about = { ...context(), ...factsAbout(model, facts) };
    seen.set(model, await lookAtModel(model, { ...asked, answers, context: about, onError }));
  }
  return { seen, errors };
}

function unanswered(errors: readonly unknown[]): Error {
  const [cause] = errors;
  const n = errors.length;
  return new Error(`A look for findings had ${n} questions without an answer: ${cause}`, { cause });
}

function resumedAt(
  atMs: number,
  revision: number | null,
  figures: ResumedFigures,
): NewFindingEntry {
  return {
    atMs,
    model: '',
    version: '',
    kind: LOOK,
    subject: '',
    state: 'resumed',
    revision,
    figures,
  };
}
