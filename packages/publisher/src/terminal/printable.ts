import type { Terminal } from './terminal.js';

/**
 * Characters that a terminal obeys instead of showing them: C0 and C1 controls except the line break, and characters
 * that change the direction of text (Unicode Standard Annex 9, section 2).
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not get through
const CONTROLS = /[\0-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Text that shows its control characters, as `\u{1b}`, instead of sending them. */
export function printable(text: string): string {
  return text.replace(CONTROLS, (character) => `\\u{${codeOf(character)}}`);
}

/**
 * A terminal that receives no control characters, because names and messages may come from a repository or model of
 * somebody else.
 *
 * @param json true if standard output is JSON, where an escape has four digits, and progress is not wanted
 */
export function printableTerminal(terminal: Terminal, { json }: { json: boolean }): Terminal {
  return {
    ...terminal,
    out: (text) => terminal.out(json ? printableJson(text) : printable(text)),
    error: (text) => terminal.error(printable(text)),
    progress: json ? undefined : (line) => terminal.progress?.(printable(line)),
  };
}

/** Escapes in a JSON document, which has no controls outside its strings but line breaks. */
function printableJson(text: string): string {
  return text.replace(CONTROLS, (character) => `\\u${codeOf(character).padStart(4, '0')}`);
}

function codeOf(character: string): string {
  return character.charCodeAt(0).toString(16);
}
