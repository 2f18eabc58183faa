import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

/** A part of a page under a heading of its own. */
export interface Section {
  readonly id: string;
  /** The page, then the heading. */
  readonly titles: readonly string[];
  readonly text: string;
}

const DOCS = fileURLToPath(new URL('../../../docs/', import.meta.url));
const LEFT_OUT = /^(?:decisions|reference|\.vitepress)\//;

/** Emits `docs.json`: the sections of this project's docs, without their markup. */
export function docsSections(): Plugin {
  return {
    name: 'docs-sections',
    apply: 'build',
    generateBundle() {
      const source = JSON.stringify(readSections());
      this.emitFile({ type: 'asset', fileName: 'docs.json', source });
    },
  };
}

function readSections(): Section[] {
  return readdirSync(DOCS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md') && !LEFT_OUT.test(file))
    .sort()
    .flatMap((file) => sectionsOf(file, readFileSync(join(DOCS, file), 'utf8')));
}

function sectionsOf(file: string, page: string): Section[] {
  const withoutComments = page.replace(/^```[\s\S]*?^```/gm, (code) => code.replace(/^#/gm, ' #'));
  const parts = withoutComments.split(/^(?=#{1,3} )/m).map((part) => {
    const [heading = '', ...lines] = part.split('\n');
    return { heading: plain(heading.replace(/^#+/, '')), text: plain(lines.join('\n')) };
  });
  const title = parts[0]?.heading ?? file;
  return parts
    .map(({ heading, text }, i) => ({
      id: `${file} ${i}`,
      titles: i === 0 ? [title] : [title, heading],
      text,
    }))
    .filter(({ text }) => text !== '');
}

/** Markdown without links, code marks and emphasis. Of a table, cells are parted by dots and rows by semicolons. */
function plain(markdown: string): string {
  return markdown
    .replace(/^```.*$/gm, '')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/^(?:\|.*\n?)+/gm, tableInWords)
    .replace(/^[:\s-]+$/gm, '')
    .replace(/[`*]/g, '')
    .replace(/^\s*- /gm, '')
    .replace(/\s+/g, ' ')
    .trim();
}

function tableInWords(table: string): string {
  const rows = table.trim().split('\n');
  const cells = rows.filter((row) => !/^[|:\s-]+$/.test(row)).map(cellsOf);
  return `${cells.map((row) => row.join(' · ')).join('; ')}.\n`;
}

function cellsOf(row: string): string[] {
  return row
    .split(/(?<!\\)\|/)
    .map((cell) => cell.replace('\\|', '|').trim())
    .filter((cell) => cell !== '');
}
