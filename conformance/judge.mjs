import { conform } from './conform.mjs';
import { createCosign } from './tools/cosign.mjs';
import { createOpenssl } from './tools/openssl.mjs';
import { startPythonTuf } from './tools/python-tuf.mjs';
import { sigstore } from './tools/sigstore.mjs';
import { tufJs } from './tools/tuf-js.mjs';
import { writeWithPythonTuf } from './writers/python-tuf-writer.mjs';

/**
 * Conforms with every tool that is there: tuf-js and `@sigstore/verify` always, Debian's where
 * they are installed.
 *
 * @param {{ workDirectory: string, debianTools: readonly import('./report.mjs').Tool[] }} options
 * @returns {Promise<{ rows: import('./compare.mjs').Row[], tools: import('./report.mjs').Tool[] }>}
 */
export async function judge({ workDirectory, debianTools }) {
  const isThere = (name) => debianTools.some((tool) => tool.name === name && !tool.missing);
  const openssl = isThere('openssl') ? createOpenssl(workDirectory) : undefined;
  const cosign = isThere('cosign') ? createCosign(workDirectory) : undefined;
  const pythonTuf = isThere('python3-tuf') ? await startPythonTuf() : undefined;
  try {
    const rows = await conform({
      workDirectory,
      openssl,
      clients: [tufJs, pythonTuf].filter((client) => client !== undefined),
      verifiers: [cosign, sigstore, openssl].filter((verifier) => verifier !== undefined),
      writers: pythonTuf ? { 'python3-tuf': writeWithPythonTuf } : {},
    });
    const npmTools = [tufJs, sigstore].map(({ name, version }) => ({ name, version }));
    return { rows, tools: [...npmTools, ...debianTools] };
  } finally {
    pythonTuf?.close();
  }
}
