import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { join } from 'node:path';

/**
 * Serves a repository from memory: unlike `nearside serve`, in whatever folders its targets lie.
 *
 * @param {import('./repository-files.mjs').RepositoryFiles} files
 * @param {string} [chunksOf] directory of the repository with the chunks
 * @returns {Promise<{ url: string, close(): Promise<void> }>}
 */
export async function serveFiles(files, chunksOf) {
  const server = createServer(async ({ url }, response) => {
    const path = decodeURIComponent(new URL(url ?? '/', 'http://localhost').pathname.slice(1));
    const isChunk = chunksOf !== undefined && /^chunks\/[0-9a-f]{64}(?:\.z)?$/.test(path);
    const bytes = isChunk ? await readFile(join(chunksOf, path)) : files.get(path);
    response.writeHead(bytes ? 200 : 404, { 'Content-Type': 'application/octet-stream' });
    response.end(bytes);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
