import {
  bootPath,
  chunkPath,
  isModelPlace,
  LIMITS,
  pinHex,
  readPin,
  rootPath,
  sealPath,
  splitModelAddress,
  TIMESTAMP_PATH,
} from '@nearside/artifact';
import { isNearsideError } from '@nearside/core';
import { TUF_ROLES } from '../keys/key-files.js';
import { ask, isFile } from '../network/ask.js';
import { openRepository, requireRepository } from '../repository/reading/open-repository.js';
import {
  ifUsable,
  type RepositoryState,
  readableReleases,
  signedOf,
} from '../repository/reading/read-repository.js';
import type { VerifiedVersion } from '../repository/reading/read-version.js';
import { readSealedVersion } from '../sealing/read-sealed.js';
import { INDEX_FILE, parseSealIndex } from '../sealing/seal-index.js';
import { expiryState } from '../signing/lifetimes.js';
import type { Problem } from '../verification/problem.js';
import { type VersionCheck, verifyFiles, verifyVersion } from '../verification/verify-version.js';
import { checkCors } from './check-files.js';
import type { Find } from './findings.js';
import { modelsIn, vouchersIn } from './read-code.js';
import { type Page, resolveUrl } from './read-page.js';

/** A model to look at, and the hashes that a page names for it. */
export interface ModelToCheck {
  readonly url: string;
  /** The page names one of these for it. */
  readonly vouchers: readonly string[];
  /** They stand beside its address, and are of no other model. */
  readonly isSure: boolean;
}

/** The models that a page's scripts open, or the one that is named; of that the hashes that the scripts name. */
export function modelsToCheck(page: Page, code: string, model: string | undefined): ModelToCheck[] {
  const named = new Map<string, string[]>();
  for (const { address, voucher } of modelsIn(code)) {
    const url = resolveUrl(address, page.url.href)?.replace(/\/+$/, '');
    if (url === undefined) continue;
    named.set(url, [...(named.get(url) ?? []), voucher]);
  }
  const wanted = model && resolveUrl(model, page.url.href)?.replace(/\/+$/, '');
  if (!wanted) return [...named].map(([url, vouchers]) => ({ url, vouchers, isSure: true }));
  const own = named.get(wanted);
  return [{ url: wanted, vouchers: own ?? vouchersIn(code), isSure: own !== undefined }];
}

export interface CheckedModel {
  readonly url: string;
  readonly kind: 'sealed' | 'signed' | 'unknown';
  readonly version?: string | undefined;
  /** Options of `open` for what was looked at. */
  readonly open?: { readonly trust: string } | { readonly integrity: string } | undefined;
}

interface Asking {
  readonly page: Page;
  readonly find: Find;
  readonly patienceMs?: number | undefined;
  readonly nowMs: number;
}

/** Finds what is wrong with a model: whether it is the one that the page means, its bytes, and its headers. */
export async function checkModel(model: ModelToCheck, asking: Asking): Promise<CheckedModel> {
  const unknown: CheckedModel = { url: model.url, kind: 'unknown' };
  return (await readOrTell(model.url, asking, () => checkKnown(model, asking))) ?? unknown;
}

async function checkKnown(model: ModelToCheck, asking: Asking): Promise<CheckedModel> {
  const { url } = model;
  const place = splitModelAddress(url);
  if (!isModelPlace(url, { mayAsk: false }) || !place) {
    asking.find('insecure', {
      what: url,
      message: 'Expected the address of a model, https: with its name at the end, got another.',
      mend: url.replace(/^http:/, 'https:'),
    });
    return { url, kind: 'unknown' };
  }
  const isThere = async (address: string) => isFile(await ask(address, asking));
  const seals = model.vouchers
    .flatMap((one) => readPin(one) ?? [])
    .map((pin) => sealPath(pinHex(pin)));
  // One address may be both, beside each other.
  for (const path of [INDEX_FILE, ...seals]) {
    if (await isThere(`${url}/${path}`)) return checkSealed(model, asking);
  }
  if (await isThere(place.repository + rootPath(1))) return checkSigned(model, place, asking);
  asking.find('model-missing', {
    what: url,
    message: `Expected a sealed model, or a repository at ${place.repository}, got neither.`,
    mend: 'Upload the folder that `nearside seal` or `publish` wrote, or correct the address in the page',
  });
  return { url, kind: 'unknown' };
}

async function checkSigned(
  { url, vouchers, isSure }: ModelToCheck,
  { repository, model }: { repository: string; model: string },
  asking: Asking,
): Promise<CheckedModel> {
  const { find } = asking;
  await checkKept([repository + TIMESTAMP_PATH, repository + bootPath(model)], asking);
  const source = openRepository(repository);
  const state = await readOrTell(url, asking, () => requireRepository(source, repository));
  if (!state) return { url, kind: 'signed' };
  const pins = vouchers.flatMap((one) => readPin(one) ?? []);
  if (isSure && !pins.includes(state.pin)) {
    find('other-hash', {
      what: url,
      message: `Expected a repository with the pin ${pins.join(' or ')}, as the page has it, got ${state.pin}.`,
      mend: `trust: '${state.pin}', if you made the repository anew; else bring back the old one`,
    });
  }
  checkExpiry(repository, state, asking);
  const { releases } = state.trusted.targets
    ? readableReleases(state.trusted.targets.signed)
    : { releases: [] };
  const release = releases.find((one) => one.model === model && one.state !== 'revoked');
  if (!release) {
    find('model-missing', {
      what: url,
      message: `Expected a version of '${model}' on offer, got none.`,
      mend: 'nearside publish <model> --repo <dir>, and upload',
    });
    return { url, kind: 'signed' };
  }
  const check = versionCheck(source);
  const version = await verifyVersion(check, state.trusted.root, release);
  tellProblems(url, check.problems, asking);
  if (version) await checkChunk(repository, version, asking);
  return { url, kind: 'signed', version: release.version, open: { trust: state.pin } };
}

async function checkSealed(
  { url, vouchers, isSure }: ModelToCheck,
  asking: Asking,
): Promise<CheckedModel> {
  const source = openRepository(url);
  const limits = { maxBytes: LIMITS.bundleBytes };
  const index = await ifUsable(async () => parseSealIndex(await source.fetch(INDEX_FILE, limits)));
  const sealed = (index?.seals ?? []).map(({ integrity }) => integrity);
  const isSame = (a: string, b: string) => readPin(a) === readPin(b);
  const known = vouchers.find((one) => sealed.some((other) => isSame(one, other)));
  const integrity = known ?? (isSure ? vouchers[0] : index?.latest);
  if (integrity === undefined) return { url, kind: 'sealed' };
  const read = await readOrTell(url, asking, () => readSealedVersion(url, integrity));
  if (!read) return { url, kind: 'sealed' };
  const check = versionCheck(source);
  await verifyFiles(check, read.version);
  tellProblems(url, check.problems, asking);
  const hex = pinHex(readPin(integrity) as string);
  await checkOrigin(`${url}/${sealPath(hex)}`, asking);
  await checkChunk(`${url}/`, read.version, asking);
  return { url, kind: 'sealed', version: read.version.release.version, open: { integrity } };
}

function versionCheck(source: VersionCheck['source']): VersionCheck {
  return { source, problems: [], chunks: new Map(), files: new Set(), onFile: () => {} };
}

/** Reads, or finds why devices could not. */
async function readOrTell<Read>(
  url: string,
  { find }: Asking,
  read: () => Promise<Read>,
): Promise<Read | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    const { code, message } = error;
    if (code === 'model-not-found') {
      find('other-hash', {
        what: url,
        message,
        mend: 'Paste the line that `nearside seal` prints into the page, or upload the version that it names',
      });
    } else if (code === 'network-failed') {
      find('model-missing', {
        what: url,
        message,
        mend: 'Correct the address in the page, or upload all that `nearside seal` or `publish` wrote',
      });
    } else tellProblems(url, [{ what: url, code, message }], { find });
    return undefined;
  }
}

function tellProblems(
  url: string,
  problems: readonly Problem[],
  { find }: Pick<Asking, 'find'>,
): void {
  for (const { message } of problems) {
    find('model-damaged', {
      what: url,
      message,
      mend: 'Upload it anew from where it was made, byte for byte: nothing on the way may rewrite or recompress it',
    });
  }
}

function checkExpiry(
  repository: string,
  { trusted }: RepositoryState,
  { find, nowMs }: Asking,
): void {
  for (const role of TUF_ROLES) {
    const expires = signedOf(trusted, role)?.expires;
    const state = expires === undefined ? undefined : expiryState(role, expires, nowMs);
    if (expires === undefined || (state !== 'expired' && state !== 'expiring')) continue;
    const isOver = state === 'expired';
    find(isOver ? 'metadata-expired' : 'metadata-expires-soon', {
      what: `${repository}metadata`,
      message: isOver
        ? `Expected ${role} metadata that is valid now, got one that expired at ${expires}: new visitors are turned away.`
        : `Expected more than a quarter of the lifetime of ${role} metadata to be left, got one that expires at ${expires}.`,
      mend: `nearside renew --repo <dir> --role ${role}, and upload`,
    });
  }
}

/** Files that change under their names have to be asked for anew at each visit. */
async function checkKept(addresses: readonly string[], asking: Asking): Promise<void> {
  for (const address of addresses) {
    const answer = await ask(address, { ...asking, origin: asking.page.url.origin });
    if (!isFile(answer)) continue; // a boot file can be done without
    checkCors(asking.page, { url: address, answer }, asking.find);
    const control = answer.headers.get('cache-control') ?? '';
    if (/\bno-(?:cache|store)\b|\bmax-age=0\b/.test(control)) continue;
    asking.find('metadata-kept', {
      what: address,
      message: `Expected Cache-Control: no-cache, got ${control || 'none, so that browsers guess'}. Updates and renewals come late.`,
      mend: 'Cache-Control: no-cache',
    });
  }
}

async function checkChunk(
  base: string,
  { layout }: VerifiedVersion,
  asking: Asking,
): Promise<void> {
  const [chunk] = Object.values(layout.files).flat();
  if (!chunk) return;
  const [sha256, , gzipBytes] = chunk;
  await checkOrigin(base + chunkPath(sha256, { gzip: gzipBytes !== undefined }), asking);
}

async function checkOrigin(address: string, { page, find, patienceMs }: Asking): Promise<void> {
  const answer = await ask(address, { origin: page.url.origin, patienceMs });
  if (isFile(answer)) checkCors(page, { url: address, answer }, find);
}
