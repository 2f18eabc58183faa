import { root } from '../scripts/root.mjs';
import { serveSite } from '../scripts/serve-site.mjs';

/** Serves a folder, the library's files by default, as a CDN does: pages of any origin may read and embed them. */
export function serveCdn(dir = `${root}packages/nearside/dist`): ReturnType<typeof serveSite> {
  const headers = {
    'Access-Control-Allow-Origin': '*',
    'Cross-Origin-Resource-Policy': 'cross-origin',
  };
  return serveSite({ dir, config: {}, port: 0, isolated: false, headers });
}
