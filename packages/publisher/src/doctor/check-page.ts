import { isSecureAddress } from '@nearside/artifact';
import type { Find } from './findings.js';
import type { Page } from './read-page.js';

/** Finds what is wrong with a page's own answer. @returns sentences about what it does without */
export function checkPage(page: Page, find: Find): string[] {
  const what = page.url.href;
  if (!isSecureAddress(what, { mayAsk: true })) {
    find('insecure', {
      what,
      message:
        'Expected https:, or http: on localhost, got http:. Other pages have no WebCrypto, and `open` rejects.',
      mend: `Serve the page at https://${page.url.host}${page.url.pathname}`,
    });
  }
  return checkIsolation(page, find);
}

const OPENER = 'Cross-Origin-Opener-Policy';
export const EMBEDDER = 'Cross-Origin-Embedder-Policy';

function checkIsolation(page: Page, find: Find): string[] {
  const { headers } = page.answer;
  const [opener, embedder] = [OPENER, EMBEDDER].map((name) => withoutParameters(headers.get(name)));
  const isAlone = /^isolate-and-/.test(withoutParameters(headers.get('Document-Isolation-Policy')));
  const hasOpener = opener === 'same-origin';
  const hasEmbedder = isEmbedder(embedder);
  if (isAlone || (hasOpener && hasEmbedder)) return [];
  if (!hasOpener && !hasEmbedder) {
    return [
      'The page is not isolated: onnx-wasm has one thread. docs/guide/headers.md has the two headers.',
    ];
  }
  const [has, lacks, got, value] = hasOpener
    ? [OPENER, EMBEDDER, embedder, 'require-corp']
    : [EMBEDDER, OPENER, opener, 'same-origin'];
  find('half-isolated', {
    what: page.url.href,
    message: `Expected ${lacks} beside ${has}, got ${got || 'none'}. One without the other gives no threads.`,
    mend: `${lacks}: ${value}`,
  });
  return [];
}

/** `require-corp` of `require-corp; report-to="x"`. */
function withoutParameters(header: string | null): string {
  return (header ?? '').split(';')[0]?.trim() ?? '';
}

export function isEmbedder(value: string | undefined): boolean {
  return value === 'require-corp' || value === 'credentialless';
}

export function embedderOf(headers: Headers): string {
  return withoutParameters(headers.get(EMBEDDER));
}
