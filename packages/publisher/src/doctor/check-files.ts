import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { type Answer, isFile, typeOf } from '../network/ask.js';
import { embedderOf } from './check-page.js';
import type { Find } from './findings.js';
import type { Loaded, LoadedFile } from './follow-scripts.js';
import { libraryVersionOf } from './read-code.js';
import { isOwn, type Page } from './read-page.js';

/** JavaScript MIME types that modules and workers may have (HTML Standard, "JavaScript MIME type"). */
const SCRIPT_TYPE = /^(?:text|application)\/(?:javascript|ecmascript|x-javascript|x-ecmascript)$/;

/** One packet: less is not worth compressing. */
const WORTH_COMPRESSING_BYTES = 1400;

/** The line that copies the runtime's files. */
const COPY = 'cp -r node_modules/nearside/dist/assets <the folder that `assets` names>';

/** Finds what is wrong with a page's scripts and its runtime's files. */
export async function checkFiles(page: Page, loaded: Loaded, find: Find): Promise<void> {
  const needed = loaded.scripts.filter(({ tag, kind }) => tag || kind !== 'other');
  for (const file of [...needed, ...loaded.runtime]) {
    checkArrival(page, file, find);
    if (!file.answer || !isFile(file.answer)) continue;
    checkType(file, find);
    checkCrossOrigin(page, file, find);
    checkIntegrity(file, find);
  }
  for (const file of loaded.runtime) {
    checkVersion(file, loaded, find);
    checkHash(page, file, loaded, find);
  }
  await checkCompression(page, loaded, find);
}

function checkArrival(page: Page, { url, answer, problem }: LoadedFile, find: Find): void {
  if (answer && isFile(answer)) return;
  const got = answer && (answer.status === 200 ? 'a web page' : `status ${answer.status}`);
  find('file-missing', {
    what: url,
    message: problem ?? `Expected a file, got ${got}.`,
    mend: /\/(?:worker-|steps|ort-|tfjs-)[^/]*$/.test(new URL(url).pathname)
      ? `${COPY}; docs/guide/tools.md has your tool's line`
      : `Upload the file${isOwn(page, url) ? '' : ` to ${new URL(url).origin}`}, or build and upload the page anew`,
  });
}

function checkType({ url, kind, answer, tag }: LoadedFile, find: Find): void {
  if (!answer) return;
  const type = typeOf(answer);
  if (kind === 'wasm') {
    if (type === 'application/wasm') return;
    find('wasm-type', {
      what: url,
      message: `Expected application/wasm, got ${type || 'no type'}: it is compiled after all of it has arrived, and at each visit anew.`,
      mend: 'Content-Type: application/wasm',
    });
    return;
  }
  const isStrict = kind !== 'library' || tag?.isModule !== false;
  const isRefused = isStrict || answer.headers.get('x-content-type-options') === 'nosniff';
  if (SCRIPT_TYPE.test(type) || !isRefused) return;
  find('wrong-type', {
    what: url,
    message: `Expected a type of JavaScript, got ${type || 'none'}: browsers refuse it as a module or a worker.`,
    mend: 'Content-Type: text/javascript',
  });
}

function checkCrossOrigin(page: Page, { url, kind, answer, tag }: LoadedFile, find: Find): void {
  if (!answer || isOwn(page, url)) return;
  const isNoCors = tag !== undefined && !tag.hasCors && kind !== 'worker';
  if (!isNoCors) {
    checkCors(page, { url, answer }, find);
    return;
  }
  const resource = answer.headers.get('cross-origin-resource-policy');
  if (embedderOf(page.answer.headers) !== 'require-corp' || resource === 'cross-origin') return;
  find('no-corp', {
    what: url,
    message: `Expected Cross-Origin-Resource-Policy, because the page has require-corp, got ${resource ?? 'none'}.`,
    mend: 'Cross-Origin-Resource-Policy: cross-origin',
  });
}

/** A page reads what another origin answers only with this header. */
export function checkCors(
  page: Page,
  { url, answer }: { readonly url: string; readonly answer: Answer },
  find: Find,
): void {
  if (isOwn(page, url)) return;
  const allowed = answer.headers.get('access-control-allow-origin');
  if (allowed === '*' || allowed === page.url.origin) return;
  find('no-cors', {
    what: url,
    message: `Expected Access-Control-Allow-Origin for ${page.url.origin}, got ${allowed ?? 'none'}.`,
    mend: 'Access-Control-Allow-Origin: *',
  });
}

/** A browser refuses a script whose bytes are not what its tag says. */
function checkIntegrity({ url, answer, tag }: LoadedFile, find: Find): void {
  const hashes = tag?.integrity?.trim().split(/\s+/) ?? [];
  const [, algorithm] = /^(sha(?:256|384|512))-/.exec(hashes[0] ?? '') ?? [];
  if (!answer || algorithm === undefined) return;
  const got = hashOf(answer, algorithm);
  if (hashes.includes(got)) return;
  find('other-file', {
    what: url,
    message: `Expected the file of integrity="${hashes.join(' ')}", got another.`,
    mend: `integrity="${got}", if this is the file that you mean`,
  });
}

function hashOf({ bytes }: Answer, algorithm: string): string {
  return `${algorithm}-${createHash(algorithm).update(bytes).digest('base64')}`;
}

function checkVersion(
  { url, kind, code }: LoadedFile,
  { version, areCopies }: Loaded,
  find: Find,
): void {
  if (kind !== 'worker' && kind !== 'steps') return;
  const got = libraryVersionOf(code);
  if (version === undefined || got === undefined || got === version) return;
  find('other-version', {
    what: url,
    message: `Expected a file of nearside ${version}, as the page's library is, got one of ${got}.`,
    mend: areCopies ? COPY : 'Build the page anew, and upload all of it; clear what a CDN keeps',
  });
}

/**
 * Compares a file with the one that the library was built with. Bundlers may write scripts anew, so that only copies
 * of another origin, which the library holds to their hashes, and wasm are compared.
 */
function checkHash(page: Page, file: LoadedFile, { hashes, areCopies }: Loaded, find: Find): void {
  const { url, kind, answer } = file;
  if (!answer || !isFile(answer)) return;
  const isHeld = areCopies && !isOwn(page, url);
  if (kind !== 'wasm' && !isHeld) return;
  const name = new URL(url).pathname.split('/').at(-1) ?? '';
  const of = [...hashes.keys()]
    .filter((key) => name === key || (kind === 'wasm' && isNamedAfter(name, key)))
    .sort((a, b) => b.length - a.length)[0];
  const got = hashOf(answer, 'sha384');
  if (of === undefined || hashes.get(of) === got) return;
  find('other-file', {
    what: url,
    message: `Expected ${of} as the page's library was built with it, got other bytes.`,
    mend: areCopies ? COPY : 'Build the page anew, and upload all of it',
  });
}

/** `ort-common-DyZf.wasm` is named after `ort-common.wasm`. */
function isNamedAfter(name: string, key: string): boolean {
  const stem = key.replace(/\.wasm$/, '');
  return name.startsWith(stem) && /^[-._][\w-]+\.wasm$/.test(name.slice(stem.length));
}

/** One finding for all files, because one line of the server mends all. */
async function checkCompression(page: Page, loaded: Loaded, find: Find): Promise<void> {
  const files = [{ url: page.url.href, answer: page.answer }, ...loaded.scripts, ...loaded.runtime];
  const plain = files.flatMap(({ url, answer }) => {
    const isPlain = answer?.status === 200 && !answer.headers.get('content-encoding');
    return isPlain && answer.bytes.length > WORTH_COMPRESSING_BYTES ? [{ url, answer }] : [];
  });
  const saved = await Promise.all(
    plain.map(async ({ url, answer }) => {
      const gzipped = (await promisify(gzip)(answer.bytes)).length;
      return { url, bytes: answer.bytes.length - gzipped };
    }),
  );
  const worth = saved.filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes);
  const total = worth.reduce((sum, { bytes }) => sum + bytes, 0).toLocaleString('en');
  const message = `Expected Content-Encoding, got none, which costs ${total} bytes; that is by gzip, and Brotli saves more.`;
  for (const { url } of worth)
    find('not-compressed', { what: url, message, mend: 'Content-Encoding: br' });
}
