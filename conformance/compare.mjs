/** The name of our own device in a row. */
export const OURS = 'nearside';

/**
 * One case, judged: what everybody said, and whether that is as it should be.
 *
 * @typedef {object} Row
 * @property {string} group
 * @property {string} name
 * @property {'accept' | 'reject'} expected
 * @property {Readonly<Record<string, Cell>>} cells tool → its verdict, ours first
 * @property {Readonly<Record<string, string>>} notVisible tool → why it was not asked
 *
 * @typedef {object} Cell
 * @property {'accept' | 'reject'} verdict
 * @property {string} reason of a rejection, in the tool's own words
 * @property {boolean} ok
 * @property {string} [exception] why this tool says otherwise than expected, where that is known
 * @property {string} [failure]
 */

/**
 * Ours must say what the case expects, and every tool the same. A listed exception allows the
 * opposite, and nothing else: one that has come to agree must be struck from the list.
 *
 * @param {string} group
 * @param {{ name: string, expected: 'accept' | 'reject', earlier?: readonly string[],
 *   exceptions?: Readonly<Record<string, string>> }} judgedCase
 * @param {import('./judge-metadata.mjs').Judgement} judgement
 * @returns {Row}
 */
export function compare(group, { name, expected, earlier, exceptions = {} }, judgement) {
  const verdicts = { [OURS]: judgement.ours, ...judgement.theirs };
  const cells = Object.fromEntries(
    Object.entries(verdicts).map(([tool, verdict]) => [
      tool,
      cellOf(verdict, { expected, exception: exceptions[tool] }),
    ]),
  );
  const failure = earlierFailure(judgement.earlier, earlier);
  if (failure) Object.assign(cells[OURS], { ok: false, failure });
  return { group, name, expected, cells, notVisible: judgement.notVisible };
}

/** @returns {Cell} */
function cellOf({ accepted, reason }, { expected, exception }) {
  const verdict = accepted ? 'accept' : 'reject';
  const agrees = verdict === expected;
  if (exception === undefined) {
    return { verdict, reason, ok: agrees, ...(!agrees && { failure: `expected ${expected}` }) };
  }
  if (!agrees) return { verdict, reason, ok: true, exception };
  return { verdict, reason, ok: false, failure: 'agrees by now: strike the exception' };
}

/** The visits before the one that counts have to go as the case means them to. */
function earlierFailure(verdicts, expected = verdicts.map(() => 'accept')) {
  const got = verdicts.map(({ accepted }) => (accepted ? 'accept' : 'reject'));
  if (got.join() === expected.join()) return undefined;
  const reasons = verdicts.map(({ reason }) => reason).filter((reason) => reason !== '');
  return `earlier visits: expected ${expected.join(', ')}, got ${got.join(', ')} (${reasons})`;
}

/** @param {readonly Row[]} rows */
export function countCells(rows) {
  const cells = rows.flatMap((row) => Object.values(row.cells));
  const passed = cells.filter(({ ok }) => ok).length;
  return { passed, failed: cells.length - passed };
}
