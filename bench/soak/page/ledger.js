/** How each call ended. Every one is in it from its start, so that none is forgotten. */
export function createLedger() {
  const pending = new Set();
  const endings = new Map();
  const uncoded = [];
  let started = 0;
  let answered = 0;
  let wrong = 0;

  function note(ending) {
    endings.set(ending, (endings.get(ending) ?? 0) + 1);
  }

  return {
    /**
     * @param {string} kind of call, for people
     * @param {Promise<boolean>} call whether the answer was right
     * @param {unknown} [reason] the caller's own, which a call it aborted rejects with
     */
    watch(kind, call, reason) {
      const watched = call
        .then(
          (isRight) => {
            answered += 1;
            if (!isRight) wrong += 1;
          },
          (error) => {
            if (reason !== undefined && error === reason) note('aborted by its caller');
            else if (error?.code) note(error.code);
            else uncoded.push(`${kind}: ${error}`);
          },
        )
        .finally(() => pending.delete(watched));
      pending.add(watched);
      started += 1;
    },

    counts: () => ({
      started,
      answered,
      wrong,
      pending: pending.size,
      endings: Object.fromEntries(endings),
      uncoded: uncoded.slice(0, 20),
    }),

    async settled(limitMs) {
      const tooLate = new Promise((resolve) => setTimeout(resolve, limitMs));
      while (pending.size > 0) {
        const isOver = Symbol('over');
        const all = Promise.all(pending);
        if ((await Promise.race([all, tooLate.then(() => isOver)])) === isOver) return;
      }
    },
  };
}
