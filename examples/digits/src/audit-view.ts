import { saveFile, toCsv, toJson } from './audit-export.js';
import { type Answer, appendAnswer, clearEntries, countEntries, readEntries } from './audit-log.js';
import { createEntryRows, keepTableRoles } from './audit-row.js';
import { part } from './part.js';
import { createProblemPanel } from './problem-panel.js';

/** Entries that are shown at first, and more at each press of the button. */
const SHOWN = 8;

const FORMATS = {
  json: { type: 'application/json', write: toJson },
  csv: { type: 'text/csv', write: toCsv },
} as const;

/** The log of all answers: a table, the latest first. `featureCount` is of a complete record. */
export function createAuditView({ featureCount }: { featureCount: number }) {
  const table = part('audit-table', HTMLTableElement);
  const older = part('audit-older', HTMLButtonElement);
  const question = part('audit-question', HTMLDialogElement);
  const problem = createProblemPanel(part('audit-problem', HTMLElement));
  const otherTabs = new BroadcastChannel('risk-audit-log');
  /** Work on the log, one piece after the other. */
  let work = Promise.resolve();

  /** A failure stays told: an answer is missing from the log then. */
  function inTurn(act: () => Promise<void>): void {
    work = work.then(act).catch(problem.show);
  }

  older.addEventListener('click', () => inTurn(showOlder));
  part('audit-json', HTMLButtonElement).addEventListener('click', () => inTurn(() => save('json')));
  part('audit-csv', HTMLButtonElement).addEventListener('click', () => inTurn(() => save('csv')));
  part('audit-clear', HTMLButtonElement).addEventListener('click', () => {
    question.returnValue = '';
    question.showModal();
  });
  question.addEventListener('close', () => {
    if (question.returnValue === 'clear') inTurn(clear);
  });
  otherTabs.addEventListener('message', () => inTurn(showNewer));
  keepTableRoles(table);
  inTurn(showOlder);

  async function append(answer: Answer): Promise<void> {
    await appendAnswer(answer);
    otherTabs.postMessage('changed');
    await showNewer();
  }

  async function showNewer(): Promise<void> {
    const after = Number(table.tBodies[0]?.dataset.number ?? 0);
    const entries = await readEntries({ after });
    table.tHead?.after(...entries.map((entry) => createEntryRows(entry, featureCount)));
    await showCount();
  }

  async function showOlder(): Promise<void> {
    const last = [...table.tBodies].at(-1);
    const before = last ? Number(last.dataset.number) : Number.POSITIVE_INFINITY;
    const entries = await readEntries({ before, limit: SHOWN });
    table.append(...entries.map((entry) => createEntryRows(entry, featureCount)));
    await showCount();
  }

  async function save(format: keyof typeof FORMATS): Promise<void> {
    const { type, write } = FORMATS[format];
    const name = `risk-audit-log-${new Date().toISOString().slice(0, 10)}.${format}`;
    saveFile({ name, type, text: write(await readEntries()) });
  }

  async function clear(): Promise<void> {
    await clearEntries();
    otherTabs.postMessage('changed');
    await showCount();
  }

  async function showCount(): Promise<void> {
    const count = await countEntries();
    // The log has the latest `count` entries: what is shown beyond was cleared, here or in another tab.
    for (const entry of [...table.tBodies].slice(count)) entry.remove();
    const answers = count === 1 ? '1 answer' : `${count.toLocaleString()} answers`;
    part('audit-count', HTMLElement).textContent = count === 0 ? 'No answer yet' : answers;
    part('audit-question-count', HTMLElement).textContent = answers;
    table.hidden = count === 0;
    for (const id of ['audit-json', 'audit-csv', 'audit-clear']) {
      part(id, HTMLButtonElement).disabled = count === 0;
    }
    older.hidden = table.tBodies.length >= count;
  }

  return { append: (answer: Answer) => inTurn(() => append(answer)) };
}
