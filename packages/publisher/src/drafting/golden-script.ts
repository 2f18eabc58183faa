import { readFile } from 'node:fs/promises';

/** Where a draft keeps the script that fills in its golden outputs. */
export const GOLDEN_SCRIPT = 'reference/golden.py';

const MODULES = ['golden.py', 'steps.py', 'layers.py', 'baseline.py'] as const;

/** The script and its modules, by their name in a model directory. */
export async function readGoldenScript(): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of MODULES) {
    // Two folders up from src/drafting and from dist/drafting alike.
    const content = await readFile(new URL(`../../python/${name}`, import.meta.url));
    files.set(`reference/${name}`, content);
  }
  return files;
}
