import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';
import { parseTargets } from '../../packages/collector/dist/files/targets.js';
import { ruleGroups } from '../../packages/collector/dist/rules/rules-file.js';
import { row } from '../row.mjs';
import { sized } from '../sized.js';

const PARTS = new URL('../../packages/collector/src/testing/', import.meta.url);
/** In the checkout, so that packages outside of the bundle are found. */
const OUT = new URL('../../node_modules/.cache/nearside-bench-rules/', import.meta.url);

const REPORT_MINUTES = 5;
const URL_OF_COLLECTOR = 'https://collector.example';
const DAYS = sized(30);
/** All runs fail in these minutes. */
const FAILING = { from: 120, to: 180 };

/** The rules as they are printed, played to Prometheus by promtool. */
export async function* rulePlays() {
  const { play, rulesOf, fleetSeries, playQuietDays } = await bundleParts();
  const pages = (targets) =>
    rulesOf(
      ruleGroups(parseTargets(targets), URL_OF_COLLECTOR),
      ({ labels }) => labels.severity === 'page',
    );

  for (const successRate of [0.999, 0.99]) {
    const failingAt = (minute) => Number(minute >= FAILING.from && minute < FAILING.to);
    const firing = `ALERTS{alertname="NearsideSuccessBurn",alertstate="firing"}`;
    const said = await play({
      rules: pages({ successRate }),
      everyMinutes: 1,
      series: fleetSeries({ devices: 200, minutes: 240, failingAt }),
      // it says what it found in place of this
      checks: [{ atMinutes: FAILING.to, expr: `sum(count_over_time(${firing}[60m]))`, value: -1 }],
    });
    const minutes = Number(/got:.*?(\S+)\s*$/s.exec(said)?.[1]);
    yield row('alert-windows', {
      value: (FAILING.to - FAILING.from - minutes) / REPORT_MINUTES,
      unit: `report windows until somebody is called, target ${successRate}`,
      atMost: 3,
    });
  }
  const said = await playQuietDays(pages({}), DAYS);
  yield row('false-pages', {
    value: said === '' ? 0 : 1,
    unit: `whether anybody was called in ${DAYS} quiet days`,
    atMost: 0,
  });
}

async function bundleParts() {
  const names = ['promtool', 'reporting-fleet', 'quiet-days'];
  const input = names.map((name) => fileURLToPath(new URL(`${name}.ts`, PARTS)));
  const build = await rolldown({
    input,
    platform: 'node',
    external: [/^node:/, 'yaml'],
    resolve: { conditionNames: ['@nearside/source', 'node', 'import'] },
    logLevel: 'silent',
  });
  await build.write({ dir: fileURLToPath(OUT), format: 'esm', entryFileNames: '[name].mjs' });
  await build.close();
  const parts = await Promise.all(names.map((name) => import(new URL(`${name}.mjs`, OUT).href)));
  rmSync(OUT, { recursive: true });
  return Object.assign({}, ...parts);
}
