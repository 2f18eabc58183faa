import type { Page } from '@playwright/test';

export interface Visit {
  readonly origin: string;
  /** Of the first run, and of one after tuning. */
  readonly backends: readonly string[];
  readonly runs: number;
  readonly choice: string;
  readonly quarantined: readonly object[];
  readonly selected: readonly object[];
  readonly told: readonly object[];
  readonly table: readonly {
    readonly backend: string;
    readonly variant: string;
    readonly p50Ms?: number;
    readonly bytes?: number;
  }[];
}

/** Time enough to measure on a machine that has much else to do. */
export const PATIENT = { tune: { maxMs: 60_000 } };

/** Opens the model, runs it, waits until nothing is left to try, and runs it once more. */
export function visitUntilTuned(
  page: Page,
  address: { url: string; trust: string },
  options: object = PATIENT,
): Promise<Visit> {
  return page.evaluate(
    async ([{ url, trust }, options]) => {
      const { nearside, one } = globalThis as Scope;
      const model = await nearside.open(url, { trust, ...options });
      const selected: object[] = [];
      const told: object[] = [];
      model.on('backend-selected', (event: object) => selected.push(event));
      model.on('backend-quarantined', (event: object) => told.push(event));
      const backends = [(await model.run(one())).meta.backend];
      const isOpen = ({ message }: { message?: string }) => message?.startsWith('not yet');
      while ((await model.explainBackend()).some(isOpen)) await new Promise(requestAnimationFrame);
      backends.push((await model.run(one())).meta.backend);
      const { opening, choice, quarantined, ok } = model.stats();
      const table = await model.explainBackend();
      await model.close();
      const { origin } = opening;
      return { origin, backends, runs: ok, choice, quarantined, selected, told, table };
    },
    [address, options] as const,
  );
}

export function row({ table }: Visit, backend: string) {
  return table.find((row) => row.backend === backend) as Visit['table'][number];
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
