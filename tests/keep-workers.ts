/** In the page: `workersStarted` on its global scope has those that it starts from now on. Each can be ended as a crash would. */
export function keepWorkers(): void {
  const workersStarted: Worker[] = [];
  Object.assign(globalThis, { workersStarted });
  globalThis.Worker = class extends Worker {
    constructor(...args: ConstructorParameters<typeof Worker>) {
      super(...args);
      workersStarted.push(this);
    }
  };
}
