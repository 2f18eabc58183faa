/** How long what is looked at once more may take, ms. */
export const LOOK_MS = 3_000;

/** What the page's Content-Security-Policy kept out. */
export interface Refusal {
  /** Such as `worker-src`. */
  readonly directive: string;
}

/**
 * Does something once more, and hears whether the page's policy refuses it: a failed `fetch` or worker says
 * nothing of it.
 *
 * @param directives those that it may be about; the page may meet others meanwhile
 */
export async function refusalOf(
  directives: readonly string[],
  again: () => Promise<unknown>,
): Promise<Refusal | undefined> {
  const { document } = globalThis;
  if (!document) return undefined;
  let refused: Refusal | undefined;
  const listen = ({ effectiveDirective, disposition }: SecurityPolicyViolationEvent) => {
    if (disposition !== 'enforce' || !directives.includes(effectiveDirective)) return;
    refused ??= { directive: effectiveDirective };
  };
  document.addEventListener('securitypolicyviolation', listen);
  try {
    await Promise.race([again().catch(() => {}), passed(LOOK_MS)]);
    await passed(0); // the event comes after the refusal
    return refused;
  } finally {
    document.removeEventListener('securitypolicyviolation', listen);
  }
}

function passed(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
