/** Reads the text of scripts. Bundlers hash the names of files, so a file's content tells what it is. */

/** A part of the library; or a file that is none. */
export type Kind = 'library' | 'worker' | 'steps' | 'other';

const WORD = String.raw`["'\`]([^"'\`\s]+)["'\`]`;
const COMMENTS = String.raw`\s{0,99}(?:\/\*[^*]{0,999}\*\/\s{0,99}){0,4}`;

/** A version is looked for in so many places at most, and a model's hash within so many characters: any code is read quickly. */
const MOST = Object.freeze({ sayings: 100, characters: 2000 });

/** A worker's first message begins with it, and the page looks for that. */
const READY = 'nearside-ready';
/** Only workers load `steps.js`, which registers itself under a name that begins so. */
const STEPS = 'nearside.steps.';

export function kindOf(code: string): Kind {
  if (code.includes(READY)) return code.includes(STEPS) ? 'worker' : 'library';
  return code.includes(STEPS) ? 'steps' : 'other';
}

/** @returns the version of the library that a page's script, a worker or `steps.js` was built with */
export function libraryVersionOf(code: string): string | undefined {
  const version = String.raw`(\d+\.\d+\.\d+[\w.-]*)`;
  const sayings = [
    String.raw`nearside-ready (?:${version}|\$\{([\w$]+)\})`,
    String.raw`nearside\.steps\.${version}`,
    String.raw`\blibrary(?::|!==)\s*\(?(?:\/\*[^*]*\*\/)?(?:["'\`]${version}["'\`]|([\w$]+)\s*[,}])`,
  ];
  const found = sayings.flatMap((one) => [...code.matchAll(new RegExp(one, 'g'))]);
  for (const [, literal, name = ''] of found.slice(0, MOST.sayings)) {
    const quoted = name.replaceAll('$', String.raw`\$`);
    const given = new RegExp(String.raw`(?<![\w$.])${quoted}\s*=\s*["'\`]${version}["'\`]`);
    const said = literal ?? (name && given.exec(code)?.[1]);
    if (said) return said;
  }
  return undefined;
}

/** Modules that a script names: `from '…'`, `import '…'`, `import('…')`. */
export function importsOf(code: string): string[] {
  const found = code.matchAll(
    new RegExp(String.raw`\b(?:from|import)\b${COMMENTS}\(?${COMMENTS}${WORD}`, 'g'),
  );
  return words(found);
}

/** Bundlers leave `import.meta.url` there, or write the address of the page or of the script. */
const OF_SCRIPT = String.raw`(?:["'\`]{2}\s*\+\s*)?(?:import\.meta\.url|document\.|self\.location|\w+\.b\b)`;

/** Scripts and wasm that a script names as addresses of files: `new URL('…', …)`, or as webpack writes them. */
export function filesNamedIn(code: string): { byUrl: string[]; byPublicPath: string[] } {
  const isFile = (name: string) => /^[^$]*\.(?:m?js|wasm)(?:\?|$)/.test(name);
  const urls = new RegExp(String.raw`new URL\(${COMMENTS}${WORD}\s*,\s*${OF_SCRIPT}`, 'g');
  const secondScript = code.matchAll(/new URL\(["'`](nearside\.later\.js)["'`]/g);
  const byPublicPath = code.matchAll(new RegExp(String.raw`\b\w+\.p\s*\+\s*${WORD}`, 'g'));
  return {
    byUrl: [...words(code.matchAll(urls)), ...words(secondScript)].filter(isFile),
    byPublicPath: words(byPublicPath).filter(isFile),
  };
}

/** webpack puts it before the names of its files. */
export function publicPathOf(code: string): string | undefined {
  return /\b\w+\.p\s*=\s*["'`]([^"'`]*)["'`]/.exec(code)?.[1];
}

/** The option `assets`: a folder with a copy of the runtime's files. A message of the library has an example of it. */
export function assetsOptionOf(code: string): string | undefined {
  return /(?<!open\(url, \{ )\bassets\s*:\s*["'`]([^"'`\s]+)["'`]/.exec(code)?.[1];
}

/** SHA-384 by name, of the files that the library was built with. */
export function hashesIn(code: string): Map<string, string> {
  const found = code.matchAll(
    /["'`]([\w.-]+\.(?:js|wasm))["'`]\s*:\s*["'`](sha384-[\w+/=]+)["'`]/g,
  );
  return new Map([...found].map(([, name = '', hash = '']) => [name, hash]));
}

/** A model that a page opens, as its code says. */
export interface NamedModel {
  readonly address: string;
  /** A repository's pin, or the hash of a seal. */
  readonly voucher: string;
}

/**
 * Reads `open('…', { trust: '…' })`, and the objects that modules of `seal` and `publish` export. Where a script has
 * `{ ...digits, url: '…' }`, the model of `digits` is opened there: a copy of it.
 */
export function modelsIn(code: string): NamedModel[] {
  const voucher = String.raw`["']?(?:trust|integrity)["']?\s*:\s*["'\`](sha256-[\w+/-]{43}=?)["'\`]`;
  const between = `[^{}]{0,${MOST.characters}}?`;
  const found = [
    ...code.matchAll(new RegExp(String.raw`${WORD}\s*,\s*\{${between}${voucher}`, 'g')),
    ...code.matchAll(
      new RegExp(
        String.raw`(?:(?<![\w$])(?<name>[\w$]{1,80})\s{0,99}=\s{0,99}\{\s{0,99})?["']?\b(?:url|model)["']?\s*:\s*${WORD}${between}${voucher}`,
        'g',
      ),
    ),
  ];
  const copies = copiesIn(code);
  return found.flatMap((match) => {
    const [address = '', voucher = ''] = match.slice(-2);
    const addresses = copies.get(match.groups?.name ?? '') ?? [address];
    return addresses.map((one) => ({ address: one, voucher }));
  });
}

/** Addresses by the name of the reference that is opened there: `{ ...digits, url: '…' }`. */
function copiesIn(code: string): Map<string, string[]> {
  const copy = String.raw`\.\.\.(?:[\w$]{1,80}\.)?([\w$]{1,80})\s{0,99},\s{0,99}["']?url["']?\s{0,99}:\s{0,99}${WORD}`;
  const copies = new Map<string, string[]>();
  for (const [, name = '', address = ''] of code.matchAll(new RegExp(copy, 'g'))) {
    const others = copies.get(name) ?? [];
    if (!others.includes(address)) copies.set(name, [...others, address]);
  }
  return copies;
}

/** Hashes that a script names, of whatever. */
export function vouchersIn(code: string): string[] {
  return words(code.matchAll(/["'`](sha256-[\w+/-]{43}=?)["'`]/g));
}

function words(found: Iterable<RegExpMatchArray>): string[] {
  return [...new Set([...found].map(([, word = '']) => word))];
}
