/**
 * Whether to put off what only improves things: data saver, a metered connection, or one too slow
 * to spend on what is not needed now. Only Chromium tells; elsewhere nothing is put off.
 *
 * @param saveData the page's own word, which counts more
 */
export function isDataExpensive(saveData: boolean | undefined): boolean {
  if (saveData !== undefined) return saveData;
  const { connection } = (globalThis.navigator ?? {}) as {
    connection?: { saveData?: boolean; type?: string; effectiveType?: string };
  };
  return (
    connection?.saveData === true ||
    connection?.type === 'cellular' ||
    /^(?:slow-)?2g$/.test(connection?.effectiveType ?? '')
  );
}
