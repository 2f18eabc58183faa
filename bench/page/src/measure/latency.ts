import type { PageWatch } from './page-watch.ts';

export interface Samples {
  /** ms */
  readonly times: number[];
  /** Samples during which the page was hidden or slept. */
  thrownAway: number;
}

export function noSamples(): Samples {
  return { times: [], thrownAway: 0 };
}

/**
 * Times one call, unless the page sleeps meanwhile: such a sample is thrown away, and the call made again when the
 * page is back.
 *
 * @param work what is timed; `prepare` gives its input and is not
 * @throws `signal.reason`; what `work` throws
 */
export async function timeOnce<Given>(
  { prepare, work }: { prepare: () => Given; work: (given: Given) => Promise<unknown> },
  into: Samples,
  { page, signal }: { page: PageWatch; signal: AbortSignal },
): Promise<number> {
  for (;;) {
    await page.untilVisible(signal);
    const { interruptions } = page;
    const given = prepare();
    const startMs = performance.now();
    await work(given);
    const ms = performance.now() - startMs;
    signal.throwIfAborted();
    if (page.interruptions === interruptions && !page.isHidden) {
      into.times.push(ms);
      return ms;
    }
    into.thrownAway += 1;
  }
}
