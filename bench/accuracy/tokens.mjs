import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { findPython } from '../../scripts/needs.mjs';
import { root } from '../../scripts/root.mjs';
import { row } from '../row.mjs';

/** Python's modules, that `pieces.py` imports. */
export const MODULES = ['numpy', 'onnxruntime', 'sentencepiece'];

const SENTENCES = `${root}models/sentences`;
const MEGABYTE = 2 ** 20;

/**
 * Holds the pieces of the sentence encoder's vocabulary against SentencePiece's library and the Rust tokenizers: the share of
 * texts of every kind whose ids are the same, and of the Rust ones those of a megabyte of them, too.
 */
export async function measureTokens() {
  const { openTokenizer } = await import('../../packages/pipeline/dist/tokens/open-tokenizer.js');
  const { Tokenizer } = await import('@anush008/tokenizers');
  const file = `${SENTENCES}/tokenizer.json`;
  const ours = openTokenizer(await readFile(file, 'utf8'));
  const rust = Tokenizer.fromFile(file);
  const idsOf = (text) => ours.encode(ours.pieces(text)).ids;
  const known = readPieces();
  const whole = known.map(({ text }) => text).join(' ');
  const long = whole.repeat(Math.ceil(MEGABYTE / whole.length)).slice(0, MEGABYTE);
  const asSentencePiece = known.map(({ text, ids }) => isSame(idsOf(text), ids));
  const asRust = [];
  for (const text of [...known.map(({ text }) => text), long]) {
    asRust.push(isSame(idsOf(text), (await rust.encode(text)).getIds()));
  }
  return [shareRow('sentencepiece', asSentencePiece), shareRow('rust', asRust)];
}

function readPieces() {
  const script = `${SENTENCES}/reference/pieces.py`;
  const { status, stdout, stderr } = spawnSync(findPython(MODULES), [script], { encoding: 'utf8' });
  if (status === 0) return JSON.parse(stdout);
  throw new Error(`${script} failed: ${stderr.trim().split('\n').slice(-5).join('\n')}`);
}

function isSame(ids, expected) {
  return ids.length === expected.length && ids.every((id, i) => id === expected[i]);
}

function shareRow(library, same) {
  const value = same.filter(Boolean).length / same.length;
  const measured = row(`tokens/${library}`, { value, unit: '', atLeast: 1 });
  return { ...measured, n: same.length, reference: 1, agreement: value };
}
