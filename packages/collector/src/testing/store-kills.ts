import type { Report } from '@nearside/core';
import { expect, test } from 'vitest';
import { sampleReport } from './sample-report.js';

/** A collector in a process of its own. */
export interface KillableCollector {
  readonly url: string;
  signal(name: NodeJS.Signals): void;
  /** Asks it to end. @returns its exit code, null where it was killed */
  end(): Promise<number | null>;
  /** Kills as `kill -9` does, and waits until the process is gone. */
  kill(): Promise<void>;
}

interface Kills {
  readonly kills: number;
  /** So many reports are sent at once between two kills. */
  readonly reports: number;
  /** Starts on the file that the one before left. */
  start(): Promise<KillableCollector>;
}

/** Tests that no acknowledged report is lost and none is counted twice, whenever the process ends. */
export function testKills(name: string, { kills, reports, start }: Kills): void {
  test(`${name}: of ${kills} kills while reports arrive, with resends, none loses or doubles one`, {
    timeout: 60_000 + kills * 5000,
  }, async () => {
    const t0 = Date.now() - 300_000;
    const unsure = new Set<Report>();
    const sure: Report[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      const collector = await start();
      for (let i = 0; i < reports; i += 1) unsure.add(sampleReport({ t0, sent: Date.now() }));
      // some acknowledged reports are sent again
      const resent = sure.slice(-20);
      const killAfter = Math.floor(Math.random() * (reports + resent.length));
      let answered = 0;
      let killing: Promise<void> | undefined;
      await Promise.all(
        [...unsure, ...resent].map(async (report) => {
          if (!(await isAcknowledged(collector, report))) return;
          if (unsure.delete(report)) sure.push(report);
          answered += 1;
          if (answered > killAfter) killing ??= collector.kill();
        }),
      );
      await (killing ?? collector.kill());
    }
    const last = await start();
    for (const report of unsure) expect(await isAcknowledged(last, report)).toBe(true);
    const answer = await fetch(`${last.url}/v1/fleet/latency?model=digits`);
    const { total } = (await answer.json()) as { total: { reports: number; count: number } };
    await last.kill();
    expect(total.reports).toBe(kills * reports);
    expect(total.count).toBe(kills * reports * 4);
  });
}

async function isAcknowledged({ url }: KillableCollector, report: Report): Promise<boolean> {
  try {
    const body = JSON.stringify(report);
    const { status } = await fetch(`${url}/v1/reports`, { method: 'POST', body });
    return status === 204;
  } catch {
    return false;
  }
}
