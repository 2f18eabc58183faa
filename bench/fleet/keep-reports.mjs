import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { finished } from 'node:stream/promises';

/**
 * Keeps the reports that a collector counts, each once with the time of its arrival, for who wants to compute its figures
 * anew; and the collector's file, for who wants to look at it.
 *
 * @param {string | undefined} folder nothing is kept without one
 */
export async function keepReports(folder) {
  if (!folder) return { add() {}, async close() {} };
  await mkdir(folder, { recursive: true });
  const lines = createWriteStream(`${folder}/reports.jsonl`);
  const ids = new Set();
  return {
    add(report, arrivedMs) {
      if (ids.has(report.id)) return;
      ids.add(report.id);
      lines.write(`${JSON.stringify({ arrivedMs, report })}\n`);
    },
    /** The collector has been closed: all of it is in its file. */
    async close({ models, prices, slo, file, answers, simulated }) {
      lines.end();
      await finished(lines);
      await copyFile(models, `${folder}/models.json`);
      await copyFile(prices, `${folder}/prices.json`);
      await copyFile(slo, `${folder}/slo.json`);
      await copyFile(file, `${folder}/fleet.sqlite`);
      await writeFile(`${folder}/answers.json`, JSON.stringify(answers));
      await writeFile(`${folder}/simulated.json`, JSON.stringify(simulated));
    },
  };
}
