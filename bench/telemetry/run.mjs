import { codeSize } from './code-size.mjs';
import { histogramRows } from './histograms.mjs';
import { recordRow, reportRows } from './reports.mjs';

/** What reports cost a device: time for each run, code, bytes. */
export async function* runSuite() {
  yield recordRow();
  yield* await codeSize();
  yield* await reportRows();
  yield* histogramRows();
}
