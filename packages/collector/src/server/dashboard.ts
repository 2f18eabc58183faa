import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface DashboardFile {
  readonly body: Buffer;
  readonly contentType: string;
  readonly cacheControl: string;
}

/** By URL path: `/`, `/assets/…`. */
export type Dashboard = ReadonlyMap<string, DashboardFile>;

/** The build puts the page here. The address is right from `src` and from `dist`. */
const BUILT = fileURLToPath(new URL('../../dist/dashboard/', import.meta.url));

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Allows nothing from elsewhere, nothing inline and no framing. */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Reads the built page into memory (four files, 140 KB). @returns undefined when it was not built */
export function readDashboard(folder = BUILT): Dashboard | undefined {
  if (!existsSync(join(folder, 'index.html'))) return undefined;
  const files = new Map<string, DashboardFile>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    const contentType = CONTENT_TYPES[extname(entry.name)];
    if (!entry.isFile() || !contentType) continue;
    const path = join(entry.parentPath, entry.name);
    const url = `/${path.slice(folder.length).replaceAll('\\', '/').replace(/^\//, '')}`;
    const isPage = url === '/index.html';
    files.set(isPage ? '/' : url, {
      body: readFileSync(path),
      contentType,
      // every other file has the hash of its content in its name
      cacheControl: isPage ? 'no-cache' : 'public, max-age=31536000, immutable',
    });
  }
  return files;
}
