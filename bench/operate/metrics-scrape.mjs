import { intervalOf, median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';
import { load, startCommand } from './collector.mjs';

const SCRAPES = sized(15);
const SECONDS = sized(4);
const WARM_UP_REPORTS = sized(8000, 500);

/** How long a scrape of a large fleet takes, and whether reports wait for it. */
export async function* metricsScrape(file, trials) {
  const collector = await startCommand('--file', file);
  const scrape = async () => (await fetch(`${collector.url}/metrics`)).text();
  const times = [];
  let text = '';
  for (let i = 0; i < SCRAPES; i += 1) {
    // what was asked for before may be kept: something new is counted in between
    await load(collector.port, { count: 100 });
    const startedMs = performance.now();
    text = await scrape();
    times.push(performance.now() - startedMs);
  }
  const series = text.split('\n').filter((line) => line !== '' && !line.startsWith('#')).length;
  yield row('metrics-scrape-ms', {
    value: median(times),
    unit: 'ms, 20 models × 5 versions × 6 classes × 4 backends',
    interval: medianInterval(times),
    atMost: 500,
  });
  yield row('metrics-series', { value: series, unit: 'series', atMost: 25_000 });
  yield await whileScraped(collector, { scrape, trials });
  await collector.end();
}

async function whileScraped({ port }, { scrape, trials }) {
  await load(port, { count: WARM_UP_REPORTS });
  const ratios = [];
  for (const _ of turns('ingest while scraped', trials)) {
    const alone = await load(port, { seconds: SECONDS });
    const scraper = setInterval(() => scrape().catch(console.error), 1000);
    const scraped = await load(port, { seconds: SECONDS });
    clearInterval(scraper);
    ratios.push(scraped.p99Ms / alone.p99Ms);
  }
  return row('ingest-p99-while-scraped-ratio', {
    value: median(ratios),
    unit: '× without a scrape every second',
    interval: intervalOf(ratios, median),
    atMost: 2,
  });
}
