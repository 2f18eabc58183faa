import { isNearsideError, NearsideError } from '@nearside/core';
import { elsewhere } from '#platform';
import { LIBRARY_VERSION } from '../../../shared/library-version.js';
import { SAYS_READY } from '../../../shared/protocol.js';
import { filePageError, isFilePage } from '../../options/later/check-calls.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import {
  explainFetch,
  LOOK,
  LOOK_MS,
  REFUSED,
  refusalOf,
} from '../../platform/later/explain-fetch.js';

/** Pages with the lines for each tool and server. */
const FILES_GUIDE = 'docs/guide/tools.md';
const POLICY_GUIDE = 'docs/guide/headers.md';

/** Vite 6 and 7 copy the library's script to node_modules/.vite/deps, from where `../../assets/` or `../assets/` is nowhere. */
const FROM_VITES_COPY = /\/(?:node_modules|\.vite)\/assets\//;

/** Directives that may keep a worker of the library from starting. */
const OF_WORKERS = [
  'worker-src',
  'child-src',
  'script-src',
  'connect-src',
  'trusted-types',
  'require-trusted-types-for',
];

/**
 * Finds out why a worker did not start, or the repository did not answer. It starts the worker once more, and listens to
 * the refusals of the page's Content-Security-Policy.
 *
 * @returns an error that names the one thing to change, where one is found; else the error that was given
 */
export async function explainStart(error: unknown, plan: OpenPlan): Promise<unknown> {
  const found = await lookInto(error, plan).catch(() => undefined);
  return found ?? error;
}

async function lookInto(error: unknown, { worker, request, signal }: OpenPlan) {
  if (signal?.aborted) return undefined;
  if (!isNearsideError(error)) {
    return !worker && isWithoutAddress(error) ? unknownPlace(error) : undefined;
  }
  const { code, details, cause } = error;
  const isOfFile = code === 'worker-blocked' || code === 'assets-unreachable';
  const isUnanswered = code === 'network-failed' && cause !== undefined;
  if ((isOfFile || isUnanswered) && isFilePage()) return filePageError(error);
  if (isUnanswered) return explainFetch(error, request);
  if (typeof details.ready === 'string') return otherVersion(details.ready, error);
  if (worker || !isOfFile || typeof details.script !== 'string') return undefined;
  return explainWorker(new URL(details.script), error);
}

/** The error for a worker that was built, copied or cached with another version of the library. */
function otherVersion(ready: string, cause: NearsideError): NearsideError {
  const got = ready.slice(SAYS_READY.length).trim();
  return new NearsideError(
    'assets-unreachable',
    `Expected a worker of nearside ${LIBRARY_VERSION}, got one of ${got}. Copy node_modules/nearside/dist/assets anew, and ` +
      `build a worker of your own anew. Or a service worker or a cache has kept those of ${got}: clear it.`,
    { cause, details: { expected: LIBRARY_VERSION, got } },
  );
}

/** True for the error of `new URL('…', import.meta.url)` in a script that has no `import.meta`. */
function isWithoutAddress(error: unknown): boolean {
  return error instanceof TypeError && /\bURL\b/.test(error.message);
}

function unknownPlace(cause: unknown): NearsideError {
  return unreachable(
    "Expected the address of the runtime's files, got none: this build lacks `import.meta.url`.",
    { cause },
  );
}

async function explainWorker(
  script: URL,
  cause: NearsideError,
): Promise<NearsideError | undefined> {
  const isOwn = script.origin === globalThis.location?.origin;
  if (script.protocol === 'file:') {
    return unreachable(`Expected the runtime's files on a server, got ${script.href}.`, { cause });
  }
  const directive = await refusalOf(OF_WORKERS, () => tryToStart(script, isOwn));
  if (directive) return blockedByPolicy(script, { directive, isOwn, cause });
  const got = await lookAt(script);
  if (got.isScript && globalThis.origin === 'null') return opaqueOrigin(cause);
  if (got.isScript && (isOwn || !script.hash)) return undefined;
  const inWords = got.isScript ? "another file than this build's" : got.inWords;
  const address = addressOf(script);
  return unreachable(`Expected a runtime file at ${address}, got ${inWords}.`, {
    cause,
    script,
    isOwn,
  });
}

/** The address without the fragment, which is the hash that the file must have. */
function addressOf({ href }: URL): string {
  return href.split('#')[0] as string;
}

/** A script of another origin is started from a Blob. @returns when it has begun, or failed to */
async function tryToStart(script: URL, isOwn: boolean): Promise<void> {
  const address = isOwn ? script.href : URL.createObjectURL(new Blob(['postMessage(0)']));
  const { trusted } = await elsewhere();
  const worker = new Worker(trusted(address), { type: 'module' });
  await new Promise<void>((resolve) => {
    worker.onerror = () => resolve();
    worker.onmessage = () => resolve();
    setTimeout(resolve, LOOK_MS);
  });
  worker.terminate();
  if (!isOwn) URL.revokeObjectURL(address);
}

function blockedByPolicy(
  script: URL,
  { directive, isOwn, cause }: { directive: string; isOwn: boolean; cause: NearsideError },
): NearsideError {
  return new NearsideError(
    'worker-blocked',
    `Expected to start a worker from ${addressOf(script)}, ${REFUSED}: ` +
      `${whatToAllow(directive, { script, isOwn })}. See ${POLICY_GUIDE}.`,
    { cause, details: { script: script.href, directive } },
  );
}

function whatToAllow(
  directive: string,
  { script, isOwn }: { script: URL; isOwn: boolean },
): string {
  if (directive === 'trusted-types' || directive === 'require-trusted-types-for') {
    return "add `nearside` to `trusted-types`, the name of the library's policy";
  }
  if (directive === 'connect-src') return `add ${script.origin} to \`connect-src\``;
  return isOwn
    ? `add 'self' to \`${directive}\``
    : `add blob: to \`${directive}\`, or serve a copy of the files from the page's own origin and ` +
        'pass its address as `assets`';
}

function opaqueOrigin(cause: NearsideError): NearsideError {
  return new NearsideError(
    'worker-blocked',
    'Expected to start a worker, got a page without an origin of its own: add `allow-same-origin` to ' +
      "the frame's `sandbox`.",
    { cause, details: cause.details },
  );
}

/** Where `isScript` is true the file is there, so that something else is wrong. */
async function lookAt(script: URL) {
  try {
    const signal = AbortSignal.timeout(LOOK_MS);
    const { ok, status, headers } = await fetch(addressOf(script), { ...LOOK, signal });
    const type = headers.get('content-type')?.split(';')[0] ?? 'none';
    if (!ok) return { isScript: false, inWords: `status ${status}` };
    if (type === 'text/html') return { isScript: false, inWords: 'a web page' };
    const isScript = /javascript|ecmascript/.test(type);
    return { isScript, inWords: `one of content type ${type} where text/javascript is needed` };
  } catch {
    return { isScript: false, inWords: 'no answer that this page may read' };
  }
}

function unreachable(
  what: string,
  { cause, script, isOwn = true }: { cause: unknown; script?: URL; isOwn?: boolean },
): NearsideError {
  return new NearsideError('assets-unreachable', `${what} ${whatToDo(script, isOwn)}`, {
    cause,
    details: { script: script && addressOf(script) },
    retryable: script !== undefined,
  });
}

function whatToDo(script: URL | undefined, isOwn: boolean): string {
  if (script && FROM_VITES_COPY.test(script.pathname)) {
    return "Vite's dev server has moved the library: add optimizeDeps: { exclude: ['nearside'] } to vite.config.";
  }
  if (!isOwn) {
    return 'Its server must send `Access-Control-Allow-Origin`, and the file of this very version.';
  }
  return (
    'Serve a copy of node_modules/nearside/dist/assets and pass its address: ' +
    `open(url, { assets: '/nearside/' }). See ${FILES_GUIDE}.`
  );
}
