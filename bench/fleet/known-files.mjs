import { mkdir, rename, writeFile } from 'node:fs/promises';
import { labBaseline, modelFacts } from './model.mjs';

const PRICES = {
  currency: 'EUR',
  serverPerMillionInferences: 40,
  cdnPerGigabyte: 0.03,
  collectorPerMonth: 20,
};

/** Of these devices about one run in a hundred fails. */
const TARGETS = { successRate: 0.985 };

/** What the collector is told in files. What is known of models changes with what is signed. */
export async function openKnownFiles(folder, { features }, draws) {
  await mkdir(folder, { recursive: true });
  const files = {
    models: `${folder}/models.json`,
    prices: `${folder}/prices.json`,
    slo: `${folder}/slo.json`,
  };
  const known = { baseline: labBaseline(draws), features };
  await writeFile(files.prices, JSON.stringify(PRICES));
  await writeFile(files.slo, JSON.stringify(TARGETS));
  return {
    files,
    async writeModels(releases) {
      await writeFile(`${files.models}.new`, JSON.stringify(modelFacts(releases, known)));
      await rename(`${files.models}.new`, files.models);
    },
  };
}
