/** One Content-Security-Policy: sources by directive (CSP Level 3). */
export type Policy = ReadonlyMap<string, readonly string[]>;

/** Directives that answer for what is asked, the nearest first: CSP Level 3, section 6.8.3. */
const FALLBACKS = {
  script: ['script-src-elem', 'script-src', 'default-src'],
  worker: ['worker-src', 'child-src', 'script-src', 'default-src'],
  wasm: ['script-src', 'default-src'],
  connect: ['connect-src', 'default-src'],
} as const;

export type Asked = keyof typeof FALLBACKS;

/** Reads what a header, or a `meta`, holds: policies with commas between, all of which count. */
export function parsePolicies(text: string): Policy[] {
  return text.split(',').flatMap((one) => {
    const policy = new Map<string, readonly string[]>();
    for (const directive of one.split(';')) {
      const [name = '', ...sources] = directive.trim().split(/\s+/);
      const key = name.toLowerCase();
      if (key !== '' && !policy.has(key)) policy.set(key, sources); // the first of a name counts
    }
    return policy.size > 0 ? [policy] : [];
  });
}

/** A policy may name a script by what its tag has. */
interface Named {
  readonly integrity: string | undefined;
  readonly nonce: string | undefined;
}

export interface Refusal {
  readonly directive: string;
  readonly sources: readonly string[];
}

/**
 * Asks policies for a file.
 *
 * @param tag what the script's tag has
 * @returns the first directive that refuses it
 */
export function refusalOf(
  policies: readonly Policy[],
  asked: Exclude<Asked, 'wasm'>,
  url: string,
  { self, tag }: { readonly self: URL; readonly tag?: Named | undefined },
): Refusal | undefined {
  return firstRefusal(policies, asked, (sources) => {
    if (tag && isNamed(sources, tag)) return true;
    // A script that is trusted loads others.
    if (asked !== 'connect' && sources.includes("'strict-dynamic'")) return !tag;
    return sources.some((source) => matches(source, url, self));
  });
}

function isNamed(sources: readonly string[], { integrity, nonce }: Named): boolean {
  return sources.includes(`'nonce-${nonce}'`) || sources.includes(`'${integrity}'`);
}

/** @returns the first directive that refuses WebAssembly */
export function wasmRefusalOf(policies: readonly Policy[]): Refusal | undefined {
  const allows = ["'wasm-unsafe-eval'", "'unsafe-eval'"];
  return firstRefusal(policies, 'wasm', (sources) => sources.some((one) => allows.includes(one)));
}

/** True where scripts need a Trusted Types policy, and one of this name may not be made. */
export function refusesTrustedTypes(policies: readonly Policy[], name: string): boolean {
  const isRequired = policies.some((one) =>
    one.get('require-trusted-types-for')?.includes("'script'"),
  );
  const names = policies.flatMap((one) =>
    one.has('trusted-types') ? [one.get('trusted-types')] : [],
  );
  return isRequired && names.some((given) => !given?.includes(name) && !given?.includes('*'));
}

function firstRefusal(
  policies: readonly Policy[],
  asked: Asked,
  allows: (sources: readonly string[]) => boolean,
): Refusal | undefined {
  for (const policy of policies) {
    const directive = FALLBACKS[asked].find((name) => policy.has(name));
    const sources = policy.get(directive ?? '');
    if (directive && sources && !allows(sources)) return { directive, sources };
  }
  return undefined;
}

const NETWORK = /^(?:https?|wss?):$/;

/** CSP Level 3, section 6.7.2.8. */
function matches(source: string, address: string, self: URL): boolean {
  const { protocol, hostname, port, pathname, origin } = new URL(address);
  if (protocol === 'blob:') return source.toLowerCase() === 'blob:';
  if (source === '*') return NETWORK.test(protocol);
  if (source.toLowerCase() === "'self'") return origin === self.origin || origin === httpsOf(self);
  if (/^[a-z][a-z0-9+.-]*:$/i.test(source)) return meets(source.toLowerCase(), protocol);
  const [, scheme, host = '', sourcePort = '', path = ''] =
    /^(?:([a-z][a-z0-9+.-]*:)\/\/)?([^/:']+)(?::(\d+|\*))?(\/.*)?$/i.exec(source) ?? [];
  if (host === '' || !meets(scheme?.toLowerCase() ?? self.protocol, protocol)) return false;
  const isHost = host.startsWith('*.')
    ? hostname.endsWith(host.slice(1).toLowerCase())
    : host === '*' || hostname === host.toLowerCase();
  const isPort = sourcePort === '*' || portOf(sourcePort, protocol) === portOf(port, protocol);
  const isPath =
    path === '' || (path.endsWith('/') ? pathname.startsWith(path) : pathname === path);
  return isHost && isPort && isPath;
}

/** `http:` allows `https:` too. */
function meets(scheme: string, protocol: string): boolean {
  return scheme === protocol || (scheme === 'http:' && protocol === 'https:');
}

function httpsOf({ protocol, host }: URL): string | undefined {
  return protocol === 'http:' ? `https://${host}` : undefined;
}

function portOf(port: string, protocol: string): string {
  return port || (protocol === 'https:' ? '443' : '80');
}
