import type { AuditEntry } from './audit-log.js';

/** The entries as they are. */
export function toJson(entries: readonly AuditEntry[]): string {
  return `${JSON.stringify(entries, undefined, 2)}\n`;
}

/** RFC 4180: a row for each entry, a column for each label's score and each feature; empty where one was left out. */
export function toCsv(entries: readonly AuditEntry[]): string {
  const labels = namesIn(entries.map(({ output }) => output.map(({ label }) => label)));
  const features = namesIn(entries.map(({ input }) => Object.keys(input)));
  const facts = ['number', 'time', 'model', 'version', 'variant', 'backend', 'runId', 'tookMs'];
  const header = [...facts, 'answer', ...labels.map((label) => `score of ${label}`), ...features];
  const rows = entries.map((entry) => {
    const { number, time, model, version, variant, backend, runId, tookMs, input, output } = entry;
    const scores = new Map(output.map(({ label, score }) => [label, score]));
    return [
      ...[number, time, model, version, variant, backend, runId, tookMs, output[0]?.label],
      ...labels.map((label) => scores.get(label)),
      ...features.map((name) => input[name]),
    ];
  });
  return [header, ...rows].map((row) => `${row.map(toField).join(',')}\r\n`).join('');
}

/** Has the browser save a file. */
export function saveFile({ name, type, text }: { name: string; type: string; text: string }): void {
  const href = URL.createObjectURL(new Blob([text], { type }));
  Object.assign(document.createElement('a'), { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href)); // when the download has begun
}

/** Each name once, in the order in which they come. */
function namesIn(lists: readonly (readonly string[])[]): string[] {
  return [...new Set(lists.flat())];
}

function toField(value: string | number | undefined): string {
  const text = String(value ?? '');
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
