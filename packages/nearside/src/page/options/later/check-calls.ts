import {
  type Mirror,
  type ModelAddress,
  parseModelAddress,
  parseTrust,
  readIntegrity,
} from '@nearside/artifact';
import { kindOf, NearsideError } from '@nearside/core';
import type { OpenOptions } from '../../../shared/api/open-options.js';
import { checkOptions, inWords } from '../../../shared/check-options.js';
import {
  isModelFile,
  isPlainObject,
  ownOptions,
  resolveUrl,
} from '../../../shared/option-kinds.js';
import type { TrustAnchor } from '../../../shared/protocol.js';
import { RUN_KINDS } from '../call-options.js';
import { ALL_OPEN_KINDS, optionWords } from '../late-options.js';

/**
 * Looks closely at a call of `open` that is out of the ordinary.
 *
 * @throws NearsideError `insecure-context`; TypeError or RangeError, naming the option, expected and got
 */
export async function checkOpening(
  url: unknown,
  options: unknown,
): Promise<{
  readonly address: ModelAddress;
  readonly trust: TrustAnchor;
  readonly mirrors: readonly Mirror[];
}> {
  if (globalThis.isSecureContext === false) {
    throw isFilePage() ? filePageError() : insecure(globalThis.location.origin);
  }
  if (typeof url !== 'string' && kindOf(url) !== 'URL') {
    throw new TypeError(`open: expected the address of a model; got ${inWords(url)}`);
  }
  const given = String(url as string | URL);
  if (isModelFile(given)) throw ofFile(given);
  if (!isPlainObject(options)) {
    throw new TypeError(
      `open: expected an object of options; got ${inWords(options)}. It has \`integrity\`, as \`nearside seal\` ` +
        'prints it, or `trust`, as `nearside publish` does',
    );
  }
  checkOptions('open', options, ALL_OPEN_KINDS, { words: optionWords });
  if (isFilePage() && resolveUrl(given).startsWith('file:')) throw filePageError();
  const address = parseModelAddress(resolveUrl(given));
  const { mirrors = [] } = ownOptions(options) as OpenOptions;
  const trust = await parseAnchor(options as OpenOptions);
  return { address, trust, mirrors: mirrors.map(planMirror) };
}

/** The address with a slash at its end, so that names can be put behind it. */
function planMirror(mirror: string | Mirror): Mirror {
  const { url, request } =
    typeof mirror === 'string' ? { url: mirror, request: undefined } : mirror;
  return { url: resolveUrl(url).replace(/\/?$/, '/'), request };
}

async function parseAnchor({ trust, integrity }: OpenOptions): Promise<TrustAnchor> {
  if ((trust === undefined) === (integrity === undefined)) {
    throw new TypeError(
      `open: expected either \`trust\`, the pin of a repository, or \`integrity\`, the hash of a sealed model; got ${
        trust === undefined ? 'neither' : 'both'
      }`,
    );
  }
  if (integrity === undefined) return { pin: await parseTrust(trust), sealSha256: undefined };
  const sealSha256 = readIntegrity(integrity);
  if (sealSha256) return { pin: undefined, sealSha256 };
  throw new TypeError(
    "open: expected `integrity` to be one hash, 'sha256-' and 44 characters as `nearside seal` prints it (or " +
      `\`trust\`, the pin of a repository, in its place); got ${inWords(integrity)}`,
  );
}

function ofFile(address: string): TypeError {
  return new TypeError(
    `open: expected the address of a sealed or published model, such as 'models/digits'; got that of a file. Run the file with ` +
      `\`openUnsigned('${address.replace(/[?#].*/s, '')}')\`, or seal it first, with \`npx nearside seal\``,
  );
}

function insecure(origin: string): NearsideError {
  return new NearsideError(
    'insecure-context',
    `Expected a page from https: or from localhost, where browsers have WebCrypto, got one from ${origin}. ` +
      'Serve the page over https.',
    { details: { origin } },
  );
}

/** @throws TypeError or RangeError, naming the option, expected and got */
export function checkRunOptions(options: unknown): void {
  checkOptions('run', options, RUN_KINDS, { words: optionWords });
}

export function isFilePage(): boolean {
  return globalThis.location?.protocol === 'file:';
}

/** The error for what a page that was opened as a file has tried. */
export function filePageError(cause?: unknown): NearsideError {
  return new NearsideError(
    'worker-blocked',
    'Expected a page from a server, got one from file:, which starts no worker and fetches no file. Serve its folder, ' +
      'with `npx vite` or `npx serve`.',
    { cause },
  );
}
