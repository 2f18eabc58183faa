import { EMBEDDER, embedderOf, isEmbedder } from './check-page.js';
import type { Find } from './findings.js';
import type { Loaded, LoadedFile } from './follow-scripts.js';
import {
  type Policy,
  parsePolicies,
  type Refusal,
  refusalOf,
  refusesTrustedTypes,
  wasmRefusalOf,
} from './policy.js';
import { isOwn, type Page } from './read-page.js';

/** The library's one policy of Trusted Types. */
const TRUSTED_TYPES = 'nearside';

/**
 * Finds what policies of the page, and of its workers' files, refuse.
 *
 * @returns sentences about what they refuse and workers do for themselves
 */
export function checkPolicies(
  page: Page,
  loaded: Loaded,
  { models, find }: { models: readonly string[]; find: Find },
): string[] {
  checkScripts(page, loaded, find);
  const workers = loaded.runtime.filter(({ kind }) => kind === 'worker');
  const wasm = loaded.runtime.filter(({ kind }) => kind === 'wasm').map(({ url }) => url);
  for (const worker of workers) checkWorker(page, worker, find);
  const needed = [...wasm, ...models];
  // A worker from a Blob obeys the page's policy, any other the one of its own answer.
  for (const worker of workers.filter(({ url }) => isOwn(page, url))) {
    const asking = { what: worker.url, policies: policiesOf(worker) };
    checkWork(page, asking, { needed, find });
  }
  const fromBlobs = workers.filter(({ url }) => !isOwn(page, url)).map(({ url }) => url);
  const asking = { what: page.url.href, policies: page.policies };
  if (fromBlobs.length > 0 || workers.length === 0) {
    checkWork(page, asking, { needed: [...needed, ...fromBlobs], find });
    return [];
  }
  const isRefused = wasm.some((url) =>
    refusalOf(page.policies, 'connect', url, { self: page.url }),
  );
  return isRefused || wasmRefusalOf(page.policies)
    ? [
        "The page's policy refuses the runtime's wasm, so each worker fetches and compiles it for itself.",
      ]
    : [];
}

function policiesOf({ answer }: LoadedFile): Policy[] {
  const header = answer?.headers.get('content-security-policy');
  return header ? parsePolicies(header) : [];
}

function checkScripts(page: Page, { scripts }: Loaded, find: Find): void {
  for (const { url, tag } of scripts) {
    const refusal = refusalOf(page.policies, 'script', url, { self: page.url, tag });
    if (!refusal) continue;
    find('csp-script', {
      what: url,
      message: `Expected a policy that lets this script run, got ${inWords(refusal)}.`,
      mend: mended(refusal, sourceFor(page, url), 'script-src'),
    });
  }
  if (!refusesTrustedTypes(page.policies, TRUSTED_TYPES)) return;
  find('csp-trusted-types', {
    what: page.url.href,
    message: `Expected trusted-types with ${TRUSTED_TYPES}, the policy that starts workers, got one without it.`,
    mend: `Content-Security-Policy: … trusted-types ${TRUSTED_TYPES}`,
  });
}

function checkWorker(page: Page, { url, answer }: LoadedFile, find: Find): void {
  const isHere = isOwn(page, url);
  const address = isHere ? url : `blob:${page.url.origin}/0`;
  const refusal = refusalOf(page.policies, 'worker', address, { self: page.url });
  if (refusal) {
    find('csp-worker', {
      what: url,
      message: `Expected a policy that lets this worker start${isHere ? '' : ' from a Blob, because it is of another origin'}, got ${inWords(refusal)}.`,
      mend: mended(refusal, isHere ? "'self'" : 'blob:', 'worker-src'),
    });
  }
  const isNeeded = isHere && isEmbedder(embedderOf(page.answer.headers));
  if (!isNeeded || !answer || isEmbedder(embedderOf(answer.headers))) return;
  find('worker-not-isolated', {
    what: url,
    message: `Expected ${EMBEDDER} with this worker, as with the page, got none: browsers refuse to start it.`,
    mend: `${EMBEDDER}: ${embedderOf(page.answer.headers)}`,
  });
}

/** Under its policies a worker compiles WebAssembly, and fetches. */
function checkWork(
  page: Page,
  { what, policies }: { what: string; policies: readonly Policy[] },
  { needed, find }: { needed: readonly string[]; find: Find },
): void {
  const wasm = wasmRefusalOf(policies);
  if (wasm) {
    find('csp-wasm', {
      what,
      message: `Expected a policy that allows WebAssembly, got ${inWords(wasm)}.`,
      mend: mended(wasm, "'wasm-unsafe-eval'", 'script-src'),
    });
  }
  for (const url of needed) {
    const refusal = refusalOf(policies, 'connect', url, { self: page.url });
    if (!refusal) continue;
    find('csp-connect', {
      what,
      message: `Expected a policy that lets it fetch from ${new URL(url).origin}, got ${inWords(refusal)}.`,
      mend: mended(refusal, sourceFor(page, url), 'connect-src'),
    });
  }
}

function sourceFor(page: Page, url: string): string {
  return isOwn(page, url) ? "'self'" : new URL(url).origin;
}

function inWords({ directive, sources }: Refusal): string {
  return [directive, ...sources].join(' ');
}

/** The directive with what it lacks. Where another one answers for it, that is left as it is. */
function mended({ directive, sources }: Refusal, source: string, wanted: string): string {
  const kept = sources.filter((one) => one !== "'none'");
  const name = directive.startsWith(wanted) ? directive : wanted;
  return `Content-Security-Policy: … ${[name, ...kept, source].join(' ')}`;
}
