// One visit: opens a model, and does what the visit is for. `how` comes from the driver, or from the address.
import { open } from 'nearside';
import photoUrl from '../../examples/ocr-pwa/public/example.jpg?url';
import { tellMarks } from '../../scripts/kills/tell-marks.mjs';
import { drawOne } from '../draw-one.js';
import { forgetDeaths, readDeaths } from './records.js';

/** Warming up takes 2 s at most, and waits for an idle page. */
const STAY_MS = 4_000;

/** What a page may do with its model, by name. */
const WORKS = {
  async run(model, runMs = 1_500) {
    const endMs = performance.now() + runMs;
    let last = await model.run(drawOne());
    while (performance.now() < endMs) last = await model.run(drawOne());
    const { backend, variant, threads } = last.meta;
    return `${last.output[0].label} by ${variant} on ${backend}, ${threads} threads`;
  },
  async read(model) {
    const photo = await (await fetch(photoUrl)).blob();
    const { output } = await model.run(photo);
    return output.map(({ text }) => text);
  },
  stay: () => new Promise((resolve) => setTimeout(resolve, STAY_MS)),
  async tune(model) {
    const isOpen = ({ message }) => message?.startsWith('not yet');
    while ((await model.explainBackend()).some(isOpen)) await new Promise(requestAnimationFrame);
  },
  update: (model) => model.update(),
};

/**
 * @param {object} how
 * @param {string} [how.marks] who is told of them
 * @param {string} [how.url] of the model; as its `trust`. Without one nothing is opened
 * @param {object} [how.options] of `open`
 * @param {string[]} how.works of `WORKS`, in turn
 * @param {number} [how.runMs] how long `run` goes on
 * @param {boolean} [how.forget] leaves the device without a memory of deaths and choices
 * @returns the version that was opened, what the library says of deaths, what is in the store, and the last work's result
 */
async function visit({ marks, url, trust, options, works, runMs, forget }) {
  if (!url) return { deaths: [] };
  if (marks) tellMarks(marks);
  const model = await open(url, { trust, ...options });
  globalThis.model = model;
  const { lost } = model.stats().opening;
  const { version } = model.stats();
  let said;
  for (const name of works) said = await WORKS[name](model, runMs);
  await model.close();
  const deaths = await readDeaths();
  if (forget) await forgetDeaths();
  return { version, lost, deaths, said };
}

globalThis.answerTo = (how) => visit(how).catch(({ code, message }) => ({ code, message }));

/** A browser that nobody drives is told by its address, and answers. */
const { how, answer } = Object.fromEntries(new URLSearchParams(location.search));
if (how) {
  const value = globalThis.answerTo(JSON.parse(how));
  void value.then((value) => fetch(answer, { method: 'POST', body: JSON.stringify(value) }));
}
document.documentElement.dataset.state = 'ready';
