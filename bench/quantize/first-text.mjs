import { serveSite } from '../../scripts/serve-site.mjs';
import { startRepository } from '../../scripts/stack.mjs';
import { median, medianInterval } from '../bootstrap.mjs';
import { row } from '../row.mjs';
import { createSlowLink } from '../runtime/slow-link.mjs';
import { visitInTurn } from '../start/visits.mjs';
import { turns } from '../turns.mjs';

/** A usual home or mobile line. */
const LINE = { bitsPerSecond: 20_000_000, latencyMs: 40 };

/**
 * A first visit over a line to a page that reads a line of text: from the start of the navigation to the text.
 *
 * @param {string} dir empty folder to work in
 * @param {{ siteDir: string, models: { small: string, floats: string }, trials: number }} options model directories
 */
export async function firstText(dir, { siteDir, models, trials }) {
  const { seal } = await import('@nearside/publisher');
  const link = createSlowLink(LINE);
  const site = await serveSite({ dir: siteDir, config: {}, port: 0 });
  const near = await link.serve(site.url.replace(/\/$/, ''));
  const hows = {};
  const servers = [site, near];
  for (const [name, modelDirectory] of Object.entries(models)) {
    const options = { modelDirectory, out: `${dir}/${name}/ocr`, onnxRuntime: 'common' };
    const { integrity } = await seal(options);
    const server = await startRepository(`${dir}/${name}`, 0);
    const far = await link.serve(server.url.replace(/\/$/, ''));
    servers.push(server, far);
    hows[name] = { by: name, model: 'ocr', url: `${far.url}ocr`, integrity };
  }
  const visit = async (name) => (await visitInTurn(near.url, [hows[name]]))[0].firstTextMs;
  for (const name of Object.keys(hows)) await visit(name); // what is compressed for the first time takes longer
  const ratios = [];
  const times = { small: [], floats: [] };
  for (const _ of turns('first texts', trials)) {
    for (const name of Math.random() < 0.5 ? ['small', 'floats'] : ['floats', 'small']) {
      times[name].push(await visit(name));
    }
    ratios.push(times.small.at(-1) / times.floats.at(-1));
  }
  await Promise.all(servers.map((server) => server.close()));
  console.error(`first text: ${median(times.small)} ms instead of ${median(times.floats)}`);
  const measured = { value: median(ratios), unit: '', interval: medianInterval(ratios) };
  return row('first-text-ratio', { ...measured, atMost: 0.55 });
}
