import { NearsideError } from '@nearside/core';
import { type Answer, type AskOptions, ask, failed, typeOf } from '../network/ask.js';
import { type Policy, parsePolicies } from './policy.js';

/** A longer document is none that people write. */
const MAX_PAGE_BYTES = 10e6;

/** A page as its HTML has it. */
export interface Page {
  readonly answer: Answer;
  /** Where it was found, after redirects. */
  readonly url: URL;
  /** Relative addresses begin here: `<base>`, or the page's own. */
  readonly base: string;
  readonly scripts: readonly ScriptTag[];
  /** Text of inline scripts: code, import maps, and JSON. */
  readonly inline: readonly string[];
  /** Bare names of modules and the addresses they stand for. */
  readonly importMap: ReadonlyMap<string, string>;
  readonly policies: readonly Policy[];
}

/** True for an address of the page's own origin. */
export function isOwn({ url }: Page, address: string): boolean {
  return new URL(address).origin === url.origin;
}

export interface ScriptTag {
  readonly url: string;
  readonly isModule: boolean;
  /** It is asked for with CORS. */
  readonly hasCors: boolean;
  readonly integrity: string | undefined;
  readonly nonce: string | undefined;
}

/**
 * Asks for a page.
 *
 * @throws NearsideError `network-failed` when it cannot be read, `input-invalid` when it is no page
 * @throws TypeError when the address is none
 */
export async function readPage(address: string, options: AskOptions): Promise<Page> {
  if (!/^https?:/i.test(address) || !URL.canParse(address)) {
    throw new TypeError(`expected \`address\` as https://app.example/, got '${address}'`);
  }
  const { username, password, host } = new URL(address);
  if (username || password) {
    throw new TypeError(
      `expected \`address\` without a name and password, got one of ${host} that has them. The doctor has no account: ` +
        'give an address that is open, as of a preview or of localhost.',
    );
  }
  const answer = await ask(address, { ...options, maxBytes: MAX_PAGE_BYTES });
  requirePage(address, answer);
  return parsePage(answer);
}

function requirePage(address: string, answer: Answer): void {
  const { status, url } = answer;
  const where = url === new URL(address).href ? url : `${address}, which leads to ${url}`;
  const expected = `${where}: expected a page, got`;
  if (status === 401 || status === 403) {
    throw failed(
      `${expected} status ${status}: it is behind a login, or only for some. The doctor has no account: ` +
        'give an address that is open, as of a preview or of localhost.',
      { address, status },
    );
  }
  if (status !== 200) {
    const advice = status >= 500 ? 'The server fails: read its log.' : 'Is the path right?';
    throw failed(`${expected} status ${status}. ${advice}`, { address, status });
  }
  const type = typeOf(answer);
  if (type === 'text/html' || type === 'application/xhtml+xml') return;
  throw new NearsideError(
    'input-invalid',
    `${expected} ${type || 'an answer without a type'}. Give the address that people open, not that of a file; ` +
      'a page has Content-Type: text/html.',
    { details: { address, type } },
  );
}

function parsePage(answer: Answer): Page {
  const html = new TextDecoder().decode(answer.bytes).replace(/<!--[\s\S]*?(?:-->|$)/g, '');
  const tags = readTags(html);
  const baseHref = tags.find(({ name, has }) => name === 'base' && has.href !== undefined)?.has;
  const base = resolveUrl(baseHref?.href ?? '', answer.url) ?? answer.url;
  const inline = tags.flatMap(({ name, has, text }) =>
    name === 'script' && has.src === undefined && text.trim() ? [{ type: has.type, text }] : [],
  );
  const metas = tags.flatMap(({ name, has }) =>
    name === 'meta' && has['http-equiv']?.toLowerCase() === 'content-security-policy'
      ? [has.content ?? '']
      : [],
  );
  const header = answer.headers.get('content-security-policy');
  const map = inline.find(({ type }) => type === 'importmap')?.text;
  return {
    answer,
    url: new URL(answer.url),
    base,
    scripts: tags.flatMap((tag) => asScript(tag, base)),
    inline: inline.map(({ text }) => text),
    importMap: parseImportMap(map, base),
    policies: [...(header === null ? [] : [header]), ...metas].flatMap(parsePolicies),
  };
}

interface Tag {
  readonly name: string;
  readonly has: Readonly<Record<string, string>>;
  /** Empty but for scripts. */
  readonly text: string;
}

/** Reads the tags that load something. A script's text is no markup, and one without an end takes the rest. */
function readTags(html: string): Tag[] {
  const tags: Tag[] = [];
  const opening = /<(script|link|meta|base)\b((?:[^<>"']|"[^"]*"|'[^']*')*)>/gi;
  for (let found = opening.exec(html); found; found = opening.exec(html)) {
    const [, name = '', attributes = ''] = found;
    const rest = html.slice(opening.lastIndex);
    const isScript = name.toLowerCase() === 'script';
    const end = isScript ? rest.search(/<\/script/i) : 0;
    const text = end < 0 ? rest : rest.slice(0, end);
    opening.lastIndex += text.length;
    tags.push({ name: name.toLowerCase(), has: readAttributes(attributes), text });
  }
  return tags;
}

function readAttributes(text: string): Record<string, string> {
  const found = text.matchAll(/([^\s"'=/]+)(?:\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+)))?/g);
  return Object.fromEntries(
    [...found].map(([, key = '', double, single, bare]) => [
      key.toLowerCase(),
      (double ?? single ?? bare ?? '').replaceAll('&amp;', '&'),
    ]),
  );
}

/** `<script src>`, and `<link>` that says which modules follow. */
function asScript({ name, has }: Tag, base: string): ScriptTag[] {
  const rel = has.rel?.toLowerCase();
  const isPreload = name === 'link' && (rel === 'modulepreload' || has.as === 'script');
  const address = isPreload ? has.href : name === 'script' ? has.src : undefined;
  const url = address === undefined ? undefined : resolveUrl(address, base);
  if (url === undefined) return [];
  const isModule = has.type === 'module' || rel === 'modulepreload';
  const { integrity, nonce } = has;
  return [{ url, isModule, hasCors: isModule || has.crossorigin !== undefined, integrity, nonce }];
}

function parseImportMap(text: string | undefined, base: string): Map<string, string> {
  try {
    const { imports = {} } = JSON.parse(text ?? '{}') as { imports?: Record<string, string> };
    return new Map(
      Object.entries(imports).map(([name, to]) => [name, resolveUrl(String(to), base) ?? '']),
    );
  } catch {
    return new Map(); // a browser ignores it too
  }
}

/** @returns undefined for what is no address of the web */
export function resolveUrl(address: string, base: string): string | undefined {
  if (!URL.canParse(address, base)) return undefined;
  const url = new URL(address, base);
  url.hash = '';
  return /^https?:$/.test(url.protocol) ? url.href : undefined;
}
