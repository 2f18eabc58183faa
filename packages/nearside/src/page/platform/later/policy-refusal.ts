/** The second try may take this long, ms. */
export const LOOK_MS = 3_000;

/**
 * Does something once more, and hears whether the page's policy refuses it: the error of a `fetch` or a worker
 * does not say so.
 *
 * @param directives others may be violated by the page meanwhile
 * @returns the directive that refuses it, such as `worker-src`
 */
export async function refusalOf(
  directives: readonly string[],
  again: () => Promise<unknown>,
): Promise<string | undefined> {
  const { document } = globalThis;
  if (!document) return undefined;
  let refused: string | undefined;
  const listen = ({ effectiveDirective, disposition }: SecurityPolicyViolationEvent) => {
    if (disposition !== 'enforce' || !directives.includes(effectiveDirective)) return;
    refused ??= effectiveDirective;
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
