/** Takes a sentence that says what long work is at. */
export type OnStep = (sentence: string) => void;

/** A sentence about less would be gone before anybody has read it, ms. */
const LONG_MS = 2000;

/** Does work, and says what it is where it takes long. */
export async function tellingLong<T>(
  sentence: string,
  onStep: OnStep | undefined,
  work: () => Promise<T>,
): Promise<T> {
  const timer = setTimeout(() => onStep?.(sentence), LONG_MS);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
