/** Nothing opens with it, or it opens slower, later or worse than it could. */
export type Gravity = 'breaks' | 'weakens';

/**
 * All that the doctor finds, the gravest first. Each has a row in `docs/troubleshooting.md`.
 */
export const FINDINGS = {
  insecure: 'breaks',
  'file-missing': 'breaks',
  'wrong-type': 'breaks',
  'other-file': 'breaks',
  'other-version': 'breaks',
  'old-service-worker': 'breaks',
  'csp-script': 'breaks',
  'csp-worker': 'breaks',
  'csp-wasm': 'breaks',
  'csp-connect': 'breaks',
  'csp-trusted-types': 'breaks',
  'worker-not-isolated': 'breaks',
  'no-corp': 'breaks',
  'no-cors': 'breaks',
  'model-missing': 'breaks',
  'other-hash': 'breaks',
  'model-damaged': 'breaks',
  'metadata-expired': 'breaks',
  'open-failed': 'breaks',
  'metadata-expires-soon': 'weakens',
  'metadata-kept': 'weakens',
  'half-isolated': 'weakens',
  'not-compressed': 'weakens',
  'wasm-type': 'weakens',
} as const satisfies Record<string, Gravity>;

export type FindingCode = keyof typeof FINDINGS;

/** One thing to mend. */
export interface Finding {
  readonly code: FindingCode;
  readonly gravity: Gravity;
  /** Addresses of the page, or of files. */
  readonly files: readonly string[];
  /** It says what was expected, and what was got. */
  readonly message: string;
  /** The line that mends it. */
  readonly mend: string;
}

/** Takes one finding of a file. */
export type Find = (
  code: FindingCode,
  told: { readonly what: string; readonly message: string; readonly mend: string },
) => void;

/** Takes findings, and gives them in order of gravity. Files with the same fault share one. */
export function createFindings(): { find: Find; sorted(): Finding[] } {
  const found = new Map<string, Finding>();
  const ranks = Object.keys(FINDINGS);
  return {
    find: (code, { what, message, mend }) => {
      const key = [code, message, mend].join('\n');
      const { files = [] } = found.get(key) ?? {};
      const all = [...new Set([...files, what])];
      found.set(key, { code, gravity: FINDINGS[code], files: all, message, mend });
    },
    sorted: () => [...found.values()].sort((a, b) => ranks.indexOf(a.code) - ranks.indexOf(b.code)),
  };
}
