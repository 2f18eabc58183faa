import { isNearsideError, NearsideError } from '@nearside/core';
import { STEPS_FILE_PARTS, type StepTable } from '@nearside/pipeline';
import { messageOf } from '../shared/failures.js';
import { fetchRuntimeFile } from '../shared/fetch-runtime-file.js';
import { LIBRARY_VERSION } from '../shared/library-version.js';
import * as WORKER_PARTS from './second-file-parts.js';
import type { openUnsignedVersion } from './unsigned-version.js';

/** Under this name `steps.js` of this build leaves the function that makes what is in it. */
const REGISTERED = Symbol.for(`nearside.steps.${LIBRARY_VERSION}`);

/** The exports of `steps.js`, of which most models need none. */
interface SecondFile {
  readonly steps: StepTable;
  readonly openUnsignedVersion: typeof openUnsignedVersion;
}

type Make = (parts: typeof STEPS_FILE_PARTS & typeof WORKER_PARTS) => SecondFile;

/** How long the file may take to arrive, ms: it has some 18 KB with gzip. */
const LONGEST_MS = 60_000;

let loading: Promise<SecondFile> | undefined;
let tries = 0;

/**
 * Loads what is not in every worker, once. A worker that was started from a Blob has it in its own text.
 *
 * @param address of `steps.js`, from the page; its fragment, where it has one, is the hash that the file must have
 * @throws NearsideError `assets-unreachable`
 */
export function loadSecondFile(address: string | undefined): Promise<SecondFile> {
  loading ??= find(address).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function find(address = 'no address'): Promise<SecondFile> {
  if (!registered()) await importFile(address);
  const make = registered();
  if (!make) throw unreachable(address, "another file than this build's");
  return make({ ...STEPS_FILE_PARTS, ...WORKER_PARTS });
}

function registered(): Make | undefined {
  return (globalThis as { [REGISTERED]?: Make })[REGISTERED];
}

async function importFile(address: string): Promise<void> {
  try {
    // Node has no origin, and nothing in between.
    await withinTime(
      globalThis.origin === undefined ? importScript(address) : fetchAndImport(address),
    );
  } catch (cause) {
    throw isNearsideError(cause) ? cause : unreachable(address, messageOf(cause), cause);
  }
}

/**
 * Fetches the file first, because `import` takes no hash and follows a redirect anywhere. The own origin's is then imported
 * from its address, out of the HTTP cache: many policies allow no Blob.
 */
async function fetchAndImport(address: string): Promise<void> {
  const response = await fetchRuntimeFile(new URL(address));
  if (!response.ok) throw unreachable(address, `status ${response.status}`);
  const script = new Blob([await response.blob()], { type: 'text/javascript' });
  // Only an app's own worker can be of another origin than the library's files.
  if (new URL(address).origin === globalThis.origin) return importScript(address);
  const url = URL.createObjectURL(script);
  try {
    await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ url);
  } finally {
    URL.revokeObjectURL(url);
  }
}

/** An import that failed is not repeated for the same address, so that a second try has another fragment. */
async function importScript(address: string): Promise<void> {
  tries += 1;
  const url = tries === 1 ? address : `${address}#${tries}`;
  await import(/* @vite-ignore */ /* webpackIgnore: true */ /* turbopackIgnore: true */ url);
}

async function withinTime(work: Promise<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${LONGEST_MS} ms`)), LONGEST_MS);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function unreachable(address: string, got: string, cause?: unknown): NearsideError {
  const [file] = address.split('#');
  return new NearsideError(
    'assets-unreachable',
    `Expected the library's second file at ${file}, got ${got.replace(/\.$/, '')}. Serve the package's dist/assets there, ` +
      'or pass `assets`.',
    { cause, details: { address, got }, retryable: true },
  );
}
