import { BenchError } from '../problem.ts';
import { type BenchResult, parseResult } from './result.ts';

/** What of an address holds a result: no server is sent it. */
const PREFIX = '#result=';

/** Unpacked, characters: a link may have been made to fill memory. */
const MAX_CHARACTERS = 1_000_000;

/** @returns the fragment of an address that shows this result, of whichever page */
export async function toFragment(result: object): Promise<string> {
  const packed = new Blob([JSON.stringify(result)])
    .stream()
    .pipeThrough(new CompressionStream('deflate-raw'));
  return PREFIX + toBase64Url(new Uint8Array(await new Response(packed).arrayBuffer()));
}

/**
 * @returns undefined where the address has no result
 * @throws BenchError `link-broken` for what is cut off or changed, `result-invalid` for what is none
 */
export async function fromFragment(fragment: string): Promise<BenchResult | undefined> {
  const text = await textOfFragment(fragment);
  return text === undefined ? undefined : parseResult(text);
}

/**
 * @returns the JSON in an address; undefined where it has no result
 * @throws BenchError `link-broken`
 */
export async function textOfFragment(fragment: string): Promise<string | undefined> {
  if (!fragment.startsWith(PREFIX)) return undefined;
  return unpack(fragment.slice(PREFIX.length));
}

async function unpack(text: string): Promise<string> {
  try {
    const bytes = fromBase64Url(text);
    const unpacked = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
    return await readText(unpacked.pipeThrough(new TextDecoderStream('utf-8', { fatal: true })));
  } catch (cause) {
    throw new BenchError(
      'link-broken',
      'Expected a result in this link, got a part of one: ask for the whole link, or for the JSON file.',
      { cause },
    );
  }
}

async function readText(stream: ReadableStream<string>): Promise<string> {
  let text = '';
  const reader = stream.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text;
    text += value;
    if (text.length > MAX_CHARACTERS)
      throw new RangeError(`More than ${MAX_CHARACTERS} characters.`);
  }
}

/** RFC 4648, section 5, without padding. */
function toBase64Url(bytes: Uint8Array): string {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}
