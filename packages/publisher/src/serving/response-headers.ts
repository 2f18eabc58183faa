/** What every response of a repository carries, so that pages of any origin may read it. */
export const COMMON_HEADERS = Object.freeze({
  'Access-Control-Allow-Origin': '*',
  'Cross-Origin-Resource-Policy': 'cross-origin',
});

/** How long a file of a repository may be cached: two kinds change under their names. */
export function cacheControlOf(path: string): string {
  const changes = path === 'metadata/timestamp.json' || path.startsWith('boot/');
  return changes ? 'no-cache' : 'public, max-age=31536000, immutable';
}
