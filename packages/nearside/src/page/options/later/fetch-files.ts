import { isModelPlace, LIMITS, mapLimited, startTransfer } from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import { notify } from '../../../shared/api/events.js';
import type { UnsignedOptions } from '../../../shared/api/open-options.js';
import { runtimeBytes } from '../../../shared/contender-order.js';
import { isModelFile, resolveUrl } from '../../../shared/option-kinds.js';
import type { GivenFiles } from '../unsigned-files.js';
import { filePageError, isFilePage } from './check-calls.js';
import { readExternalFiles } from './external-data.js';

/** All files of a model by name. */
export interface FetchedFiles {
  readonly files: Readonly<Record<string, Blob>>;
  /** Bytes of them that crossed the network. */
  readonly fetchedBytes: number;
  /** To be told how loading goes on. */
  readonly onProgress: UnsignedOptions['onProgress'];
}

/** All requests of one call have these. */
interface Fetching {
  readonly call: string;
  readonly signal: AbortSignal;
  readonly progress: ReturnType<typeof startProgress>;
}

/**
 * Fetches files that are given by their addresses, and from beside them the weights that they name.
 *
 * @param call its name, for messages
 * @throws TypeError for an address that is not secure; NearsideError `model-invalid` for a web page, `file-missing` and
 *   `name-unsafe` for weights, network codes; `signal.reason` on abort
 */
export async function fetchFiles(
  given: GivenFiles,
  call: string,
  { backend, signal, onProgress }: UnsignedOptions,
): Promise<FetchedFiles> {
  const addresses = Object.entries(given).flatMap(([name, file]) =>
    typeof file === 'string' ? [[name, addressOf(file, name, call)] as const] : [],
  );
  const here = Object.entries(given).filter(([, file]) => typeof file !== 'string');
  const ending = new AbortController();
  const progress = startProgress(onProgress, runtimeBytes(backend ?? 'onnx-wasm', false));
  const signals = [ending.signal, ...(signal ? [signal] : [])];
  const fetching = { call, signal: AbortSignal.any(signals), progress };
  try {
    const fetched = await Promise.all(
      addresses.map(([name, address]) => fetchWithWeights(name, address, { given, fetching })),
    );
    const files = Object.fromEntries([...here, ...fetched.flat()]) as FetchedFiles['files'];
    return { files, fetchedBytes: progress.loadedBytes(), onProgress: progress.goOn() };
  } finally {
    ending.abort(); // where one has failed, the others are not wanted any more
  }
}

/** @throws TypeError */
function addressOf(given: string, name: string, call: string): URL {
  const address = resolveUrl(given);
  if (!URL.canParse(address)) {
    throw new TypeError(
      `${call}: expected '${name}' to have a whole address, as there is no page here; got '${given}'` +
        readHint(call, `'${given}'`),
    );
  }
  const url = new URL(address);
  if (isFilePage() && url.protocol === 'file:') throw filePageError();
  if (isModelPlace(address, { mayAsk: true })) return url;
  throw new TypeError(
    `${call}: expected '${name}' to have an https: address (http: on localhost), or one of the page's own origin, ` +
      `without a user's name, password or #fragment; got ${withoutSecrets(url)}` +
      (url.protocol === 'file:' ? readHint(call, `new URL('${given}')`) : ''),
  );
}

/** Says how a program reads a file of its machine. A page has no such files. */
function readHint(call: string, file: string): string {
  if (globalThis.location) return '';
  return `. Read a file of this machine: \`${call}(await readFile(${file}))\``;
}

/** A query or a password may be secret. */
function withoutSecrets({ protocol, host, pathname }: URL): string {
  return `${protocol}${host && `//${host}`}${pathname}`;
}

/** @returns files by name: the one at the address, and those that it names and nobody gave */
async function fetchWithWeights(
  name: string,
  address: URL,
  { given, fetching }: { readonly given: GivenFiles; readonly fetching: Fetching },
): Promise<(readonly [string, Blob])[]> {
  const file = (await fetchFile(address, fetching)) as Blob;
  const mayName = isModelFile(name) || Object.keys(given).length === 1;
  const folder = name.slice(0, name.lastIndexOf('/') + 1);
  const named = [...(mayName ? await readWeightFiles(file, fetching.signal) : [])];
  const wanted = named
    .filter((location) => !Object.hasOwn(given, folder + location))
    .map((location) => ({ location, beside: besideOf(location, name, address) }));
  // A small file can name thousands: asked for at once they would leave nothing to the rest of the page.
  const weights = await mapLimited(wanted, LIMITS.parallelChunks, async ({ location, beside }) => {
    const found = await fetchFile(beside, fetching, 'weights');
    if (!found) throw weightsMissing(name, location, beside);
    return [folder + location, found] as const;
  });
  return [[name, file], ...weights];
}

/** @returns names of the files that an ONNX model, or the model.json of a TensorFlow.js model, has its weights in */
async function readWeightFiles(file: Blob, signal: AbortSignal): Promise<Iterable<string>> {
  const isJson = /^\s*\{/.test(await file.slice(0, 64).text());
  if (!isJson) return readExternalFiles(file, signal);
  const json = await file.text();
  if (!json.includes('"weightsManifest"')) return []; // a tokenizer's, say, which takes long to parse
  try {
    const { weightsManifest } = JSON.parse(json);
    const paths = weightsManifest.flatMap(({ paths }: { paths: unknown }) => paths);
    return new Set(paths.filter((path: unknown) => typeof path === 'string'));
  } catch {
    return []; // it is no such model: whoever loads it says so
  }
}

/**
 * The address of a file that is named relative to a model's folder.
 *
 * @throws NearsideError `name-unsafe` unless it lies in that folder
 */
function besideOf(location: string, name: string, address: URL): URL {
  const isPath = !/^(?:$|\/|[a-z][\w+.-]*:[\\/])|\\|(?:^|\/)\.\.(?:\/|$)|\p{Surrogate}/iu.test(
    location,
  );
  if (isPath) return new URL(location.split('/').map(encodeURIComponent).join('/'), address);
  const named = location.slice(0, 200);
  throw new NearsideError(
    'name-unsafe',
    `${name}: expected its weights beside it, got the location '${named}', which leads elsewhere. Give the file by ` +
      'name, if you trust it.',
    { details: { what: name, name: named } },
  );
}

/**
 * @param of weights that a file names: a web page, which single-page hosts send for unknown paths, is none of them
 * @returns undefined where the server says that there are no such weights
 */
async function fetchFile(
  address: URL,
  { call, signal, progress }: Fetching,
  of?: 'weights',
): Promise<Blob | undefined> {
  const asked = withoutSecrets(address);
  const transfer = startTransfer(signal);
  try {
    const response = await fetch(address, {
      signal: transfer.signal,
      referrerPolicy: 'no-referrer',
    });
    const isPage = response.headers.get('content-type')?.startsWith('text/html') ?? false;
    const isMissing = [403, 404].includes(response.status);
    if (of && (isMissing || (response.ok && isPage))) return undefined;
    if (!response.ok) throw statusError(asked, response.status);
    if (isPage) throw webPage(call, asked);
    progress.expect(Number(response.headers.get('content-length')));
    return await readBlob(response, (sizeBytes) => {
      transfer.progress(sizeBytes);
      progress.arrive(sizeBytes);
    });
  } catch (error) {
    throw transfer.explain(error, '', asked);
  } finally {
    transfer.end();
  }
}

/** The browser puts the pieces together: they do not lie in the page's memory. */
function readBlob(response: Response, onBytes: (sizeBytes: number) => void): Promise<Blob> {
  const counting = new TransformStream<Uint8Array, Uint8Array>({
    transform(piece, controller) {
      onBytes(piece.length);
      controller.enqueue(piece);
    },
  });
  return new Response(response.body?.pipeThrough(counting)).blob();
}

/** Turns what arrives of files into a ratio that goes on, without falling, while a worker loads them. */
function startProgress(onProgress: UnsignedOptions['onProgress'], runtimeBytes: number) {
  const startMs = performance.now();
  let loadedBytes = 0;
  let totalBytes = 0;
  let ratio = 0;
  return {
    loadedBytes: () => loadedBytes,
    expect(sizeBytes: number) {
      totalBytes += sizeBytes;
    },
    arrive(sizeBytes: number) {
      loadedBytes += sizeBytes;
      totalBytes = Math.max(totalBytes, loadedBytes); // sent compressed, or without saying its length
      ratio = Math.max(ratio, loadedBytes / (totalBytes + runtimeBytes));
      const elapsedMs = performance.now() - startMs;
      const bytesPerSecond = Math.round((loadedBytes / elapsedMs) * 1000);
      if (!onProgress) return;
      notify(onProgress, { phase: 'weights', loadedBytes, totalBytes, ratio, bytesPerSecond });
    },
    goOn(): UnsignedOptions['onProgress'] {
      return (
        onProgress &&
        ((progress) =>
          onProgress({
            ...progress,
            loadedBytes: loadedBytes + progress.loadedBytes,
            totalBytes: totalBytes + progress.totalBytes,
            ratio: ratio + (1 - ratio) * progress.ratio,
          }))
      );
    },
  };
}

function statusError(address: string, status: number): NearsideError {
  return new NearsideError(
    'network-failed',
    `${address}: expected a file, got status ${status}. Is the address right?`,
    { details: { address, status }, retryable: status >= 500 || status === 429 },
  );
}

function webPage(call: string, address: string): NearsideError {
  return new NearsideError(
    'model-invalid',
    `${call}: expected a file of a model at ${address}, got a web page, as single-page hosts send for unknown ` +
      'paths.',
    { details: { address } },
  );
}

function weightsMissing(name: string, location: string, url: URL): NearsideError {
  const address = withoutSecrets(url);
  return new NearsideError(
    'file-missing',
    `${name}: expected its weights '${location}' beside it, got nothing at ${address}. Copy the file there, or give it ` +
      `by name: { '${name}': …, '${location}': … }.`,
    { details: { file: location, address } },
  );
}
