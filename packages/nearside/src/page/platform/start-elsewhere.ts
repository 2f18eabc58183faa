import { NearsideError } from '@nearside/core';
import { fetchRuntimeFile } from '../../shared/fetch-runtime-file.js';

/** The part of Trusted Types that is used here: TypeScript's DOM library lacks it. */
interface Policy {
  createScriptURL(address: string): string;
}

/** Written in by the build: the SHA-384 of each file in `dist/assets`, by its name, as `integrity` takes it. */
declare const __INTEGRITY__: Readonly<Record<string, string>>;

/** The one policy of the library: a page with Trusted Types names it in `trusted-types`. */
const POLICY_NAME = 'nearside';

/** Has files of another origin be those that this build was made with: a fragment is the hash that a file must have. */
export function hold(...files: readonly (URL | undefined)[]): void {
  for (const file of files)
    if (file) file.hash = __INTEGRITY__[file.pathname.split('/').at(-1) as string] as string;
}

/**
 * Starts a worker where `new Worker(address)` does not do: of another origin, from a Blob with the same
 * text; in a page with Trusted Types, through a policy. The Blob has `steps.js` too: the worker could not import it.
 *
 * @param files the worker's and `steps.js`; their fragments, if they have one, are the hashes that they must have
 * @throws NearsideError `assets-unreachable`, `worker-blocked`
 */
export async function startElsewhere(files: readonly [URL, URL], name: string): Promise<Worker> {
  const [script] = files;
  const isOwn = script.origin === globalThis.origin;
  const address = isOwn ? script.href : await blobOf(files);
  try {
    return new Worker(trusted(address), { type: 'module', name });
  } catch (cause) {
    throw new NearsideError(
      'worker-blocked',
      `Expected to start a worker from ${address}, got a refusal: ${(cause as Error).message}`,
      { cause, details: { script: script.href } },
    );
  }
}

/** How long a file may take to arrive, ms. */
const ANSWER_MS = 30_000;

/** One address for all workers of a script, never revoked: a runtime may start threads from it at any time. */
const blobs = new Map<string, Promise<string>>();

/**
 * The address of a Blob with the text of one script, or of two.
 *
 * @throws NearsideError `assets-unreachable`
 */
export function blobOf(files: readonly [URL, URL?]): Promise<string> {
  const [{ href }] = files;
  const made = blobs.get(href) ?? fetchAsBlob(files);
  blobs.set(href, made);
  made.catch(() => blobs.delete(href)); // the next one asks again
  return made;
}

async function fetchAsBlob([script, steps]: readonly [URL, URL?]): Promise<string> {
  const texts = await Promise.all([fetchScript(script), '\n', steps ? fetchScript(steps) : '']);
  return URL.createObjectURL(new Blob(texts, { type: 'text/javascript' }));
}

async function fetchScript(script: URL): Promise<Blob> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const response = await fetchRuntimeFile(script, { signal }).catch((cause) => {
    const orOther = script.hash && ", or another file than this build's";
    throw unreachable(script, `no answer that this page may read${orOther}`, cause);
  });
  if (!response.ok) throw unreachable(script, `status ${response.status}`);
  return response.blob();
}

function unreachable({ href }: URL, got: string, cause?: unknown): NearsideError {
  return new NearsideError(
    'assets-unreachable',
    `Expected a runtime file at ${href.split('#')[0]}, got ${got}.`,
    { cause, details: { script: href }, retryable: true },
  );
}

/** A second copy of the library on the page shares it: a name can be taken only once. */
const POLICY = Symbol.for('nearside.policy');

/** Makes an address that a page with Trusted Types takes. */
export function trusted(address: string): string {
  const scope = globalThis as {
    trustedTypes?: { createPolicy(name: string, rules: Policy): Policy };
    [POLICY]?: Policy;
  };
  scope[POLICY] ??= scope.trustedTypes?.createPolicy(POLICY_NAME, {
    createScriptURL: (address) => address,
  });
  return scope[POLICY]?.createScriptURL(address) ?? address;
}
