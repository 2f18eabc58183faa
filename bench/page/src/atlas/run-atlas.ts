import { isSoftwareGpu } from '../measure/device-facts.ts';
import type { PageWatch } from '../measure/page-watch.ts';
import { describeProblem } from '../problem.ts';
import { createAnswerer } from './answer-tests.ts';
import { createAsker } from './ask-test.ts';
import type { AtlasBackend } from './atlas-backends.ts';
import type { AtlasColumn } from './atlas-result.ts';
import type { Corpus, CorpusTest } from './corpus.ts';
import { knownReason } from './known-reasons.ts';
import { createPlacement } from './placement.ts';
import { type Outcome, toLetters } from './verdicts.ts';

export interface AtlasPlan {
  readonly corpus: Corpus;
  readonly backends: readonly AtlasBackend[];
  /** Which tests are run; others stay `waiting`. */
  isWanted(test: CorpusTest): boolean;
  /** How long a run may take, ms. */
  readonly runLimitMs?: number | undefined;
  /** A GPU is compared with a CPU first, as the library's self-check does: what that refuses has failed. */
  readonly isCompared: boolean;
}

export interface Progress {
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

export interface AtlasRunOptions {
  readonly signal: AbortSignal;
  readonly page: PageWatch;
  /** Called after every test, with all columns as they are. */
  onChange(columns: AtlasColumn[], progress: Progress): void;
}

/**
 * Runs all tests on one backend after another. What fails is a verdict; it rejects for an abort alone, and what was found
 * until then was told.
 *
 * @throws `signal.reason`
 */
export async function runAtlas(
  { corpus, backends, isWanted, runLimitMs, isCompared }: AtlasPlan,
  { signal, page, onChange }: AtlasRunOptions,
): Promise<void> {
  const wanted = corpus.tests.flatMap((test, i) => (!test.excluded && isWanted(test) ? [i] : []));
  const columns = backends.map(({ backend }) => emptyColumn(backend, corpus, isWanted));
  let done = 0;

  function tell(what: string): void {
    onChange([...columns], { what, done, total: wanted.length * backends.length });
  }

  for (const [at, backend] of backends.entries()) {
    const change = (changed: Partial<AtlasColumn>) => {
      columns[at] = { ...(columns[at] as AtlasColumn), ...changed };
    };
    const startMs = performance.now();
    const answerer = isCompared && backend.hasCpuBeside ? createAnswerer(corpus) : undefined;
    const asker = createAsker({ corpus, ...backend, runLimitMs, answerer });
    const placement = backend.hasCpuBeside && !answerer ? createPlacement() : undefined;
    const outcomes = firstOutcomes(corpus, isWanted);
    const notes: Record<string, string> = {};

    async function askAgainIfHidden(test: CorpusTest): Promise<Outcome> {
      const { interruptions } = page;
      const outcome = await asker.ask(test, signal);
      // A browser that puts a page to sleep lets its clocks run on: what failed then says nothing.
      const isDoubtful = outcome.verdict === 'failed' && page.interruptions !== interruptions;
      return isDoubtful ? asker.ask(test, signal) : outcome;
    }

    async function judge(test: CorpusTest): Promise<Outcome> {
      const outcome = await askAgainIfHidden(test);
      const hasNumbers = outcome.verdict === 'right' || outcome.verdict === 'wrong';
      if (!placement || !hasNumbers) return outcome;
      return placed(outcome, await placement.isOnCpu(corpus.modelOf(test), signal));
    }

    change({ state: 'running' });
    try {
      for (const i of wanted) {
        const test = corpus.tests[i] as CorpusTest;
        tell(`${backend.backend}: ${test.name}`);
        const { verdict, note } = await judge(test);
        outcomes[i] = { verdict };
        const isWrong = verdict === 'wrong' || verdict === 'failed';
        const told = [note, isWrong && knownReason(test.name)].filter(Boolean);
        if (told.length > 0) notes[test.name] = told.join(' – ');
        done += 1;
        change({
          verdicts: toLetters(outcomes.map(({ verdict }) => verdict)),
          notes: { ...notes },
          ...hardwareOf(asker.hardware),
          seconds: (performance.now() - startMs) / 1000,
        });
      }
      change({ state: 'done' });
    } catch (error) {
      for (const column of columns.slice(signal.aborted ? at : columns.length))
        columns[columns.indexOf(column)] = { ...column, state: 'cancelled' };
      if (!signal.aborted) {
        change({ state: 'failed', problem: describeProblem(error) });
        done = (at + 1) * wanted.length;
      }
      signal.throwIfAborted();
    } finally {
      placement?.close();
      asker.close().catch(() => {}); // nobody waits for a worker that hangs
      tell(backend.backend);
    }
  }
}

function emptyColumn(
  backend: string,
  corpus: Corpus,
  isWanted: AtlasPlan['isWanted'],
): AtlasColumn {
  const verdicts = toLetters(firstOutcomes(corpus, isWanted).map(({ verdict }) => verdict));
  return { backend, isSoftwareGpu: false, state: 'waiting', seconds: 0, verdicts };
}

function firstOutcomes({ tests }: Corpus, isWanted: AtlasPlan['isWanted']): Outcome[] {
  return tests.map((test) => ({
    verdict: test.excluded && isWanted(test) ? 'excluded' : 'waiting',
  }));
}

function hardwareOf(hardware: string | undefined) {
  if (hardware === undefined) return {};
  return { hardware, isSoftwareGpu: hardware !== 'cpu' && isSoftwareGpu(hardware) };
}

function placed(outcome: Outcome, isOnCpu: boolean | undefined): Outcome {
  if (isOnCpu === false) return outcome;
  const place = isOnCpu ? 'A node of it ran on the CPU.' : 'Where it was computed is not known.';
  if (outcome.verdict === 'right' && isOnCpu) return { verdict: 'right-on-cpu' };
  return { ...outcome, note: [outcome.note, place].filter(Boolean).join(' – ') };
}
