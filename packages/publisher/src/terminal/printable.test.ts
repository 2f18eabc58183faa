import { expect, test } from 'vitest';
import { printable, printableTerminal } from './printable.js';

const HOSTILE = 'a\u001b]0;b\u0007\u001b[2J\u009b31m\u202ec\td\r\ne';
const SHOWN = 'a\\u{1b}]0;b\\u{7}\\u{1b}[2J\\u{9b}31m\\u{202e}c\\u{9}d\\u{d}\ne';

function record({ json }: { json: boolean }) {
  const lines: string[] = [];
  const add = (line: string) => lines.push(line);
  const terminal = { out: add, error: add, progress: add, debug: false };
  const interrupted = () => Promise.resolve();
  return { lines, terminal: printableTerminal({ ...terminal, interrupted }, { json }) };
}

test('what a terminal would obey is shown instead, line breaks and all other text stay', () => {
  expect(printable(HOSTILE)).toBe(SHOWN);
  expect(printable('├─ é 漢 \u{1f600} ✓\n')).toBe('├─ é 漢 \u{1f600} ✓\n');
});

test('results, errors and progress alike are printed so', () => {
  const { lines, terminal } = record({ json: false });
  terminal.out(HOSTILE);
  terminal.error(HOSTILE);
  terminal.progress?.(HOSTILE);
  expect(lines).toEqual([SHOWN, SHOWN, SHOWN]);
});

test('JSON stays the same document, and has no progress beside it', () => {
  const { lines, terminal } = record({ json: true });
  terminal.out(JSON.stringify({ HOSTILE }, null, 2));
  expect(JSON.parse(lines[0] ?? '')).toEqual({ HOSTILE });
  expect(lines[0]).not.toContain('\u009b');
  expect(terminal.progress).toBeUndefined();
});
