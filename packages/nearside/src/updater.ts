import type { ReleaseIdentity } from '@nearside/artifact';
import { type ErrorCode, isNearsideError, NearsideError } from '@nearside/core';
import type { OpenedVersion } from './protocol.js';
import { type Serving, type ServingContext, startServing } from './start-serving.js';

/** Keeps a model current while it serves. */
export interface Updater {
  /**
   * Looks for another version now. When there is one it is fetched, loaded and checked in a worker
   * of its own, while the present one serves on.
   *
   * @param isOptional puts off what only improves things while data is expensive
   * @returns the version that is ready now, or undefined when there is nothing to do
   */
  update(options: {
    readonly maxAgeMs: number;
    readonly isOptional: boolean;
  }): Promise<ReleaseIdentity | undefined>;
  /** Ends an update under way. */
  close(reason: unknown): void;
}

export interface UpdaterOptions extends ServingContext {
  /** What serves now. */
  readonly current: () => Serving;
  /** A proven version takes over. */
  readonly onProven: (next: Serving) => void;
  /** A candidate could not be loaded, or did not prove itself. */
  readonly onFailed: (version: OpenedVersion, code: ErrorCode) => void;
  /** Nothing may serve any more. */
  readonly onRevoked: (error: NearsideError) => void;
}

export function createUpdater({
  current,
  onProven,
  onFailed,
  onRevoked,
  ...context
}: UpdaterOptions): Updater {
  const { plan, emitter } = context;
  const closing = new AbortController();
  let underWay: Promise<ReleaseIdentity | undefined> | undefined;

  async function look({
    maxAgeMs,
    isOptional,
  }: {
    maxAgeMs: number;
    isOptional: boolean;
  }): Promise<ReleaseIdentity | undefined> {
    const { next, isRevoked } = await current().connection.check({ maxAgeMs });
    if (isRevoked && !next) onRevoked(revoked(current()));
    if (!next || (isOptional && !isRevoked && isDataExpensive(plan.policy.saveData))) {
      return undefined;
    }
    const proven = await prove(next);
    emitter.emit('version-ready', { version: next.version, sequence: next.sequence });
    onProven(proven);
    return next;
  }

  /** A try is counted before the candidate is loaded, so that a crash of the page counts too. */
  async function prove(next: ReleaseIdentity): Promise<Serving> {
    const { sequence } = next;
    let triesLeft: number | undefined;
    let opened: OpenedVersion | undefined;
    const begin = async () => {
      triesLeft ??= (await current().connection.spendTry(sequence)) ?? -1;
      if (triesLeft < 0) throw noTriesLeft(next);
    };
    try {
      const proven = await startServing(context, {
        which: { kind: 'candidate', sequence },
        backends: [
          current().backend,
          ...plan.backends.filter((name) => name !== current().backend),
        ],
        signal: closing.signal,
        onVersion: (version) => {
          opened = version;
        },
        trial: { begin, limitMs: plan.policy.warmUpMs },
      });
      return proven as Serving; // a candidate is opened or throws
    } catch (error) {
      if (closing.signal.aborted || triesLeft === undefined) throw error; // it was never loaded
      const code = isNearsideError(error) ? error.code : 'backend-failed';
      if (opened) onFailed(opened, code);
      if (triesLeft <= 0) await giveUp(next, code);
      throw error;
    }
  }

  async function giveUp({ sequence, version }: ReleaseIdentity, code: ErrorCode): Promise<void> {
    const { connection, version: serving } = current();
    await connection.reject({ sequence, failure: code });
    emitter.emit('version-rolled-back', { from: version, to: serving.release.version, code });
  }

  return {
    update(options) {
      underWay ??= look(options).finally(() => {
        underWay = undefined;
      });
      return underWay;
    },
    close: (reason) => closing.abort(reason),
  };
}

/** Data saver, a metered connection, or one too slow to spend on what is not needed now. */
function isDataExpensive(saveData: boolean | undefined): boolean {
  const { connection } = (globalThis.navigator ?? {}) as {
    connection?: { saveData?: boolean; type?: string; effectiveType?: string };
  };
  if (saveData !== undefined) return saveData;
  return (
    connection?.saveData === true ||
    connection?.type === 'cellular' ||
    /^(?:slow-)?2g$/.test(connection?.effectiveType ?? '')
  );
}

function noTriesLeft({ model, version }: ReleaseIdentity): NearsideError {
  return new NearsideError(
    'backend-failed',
    `${model} ${version}: expected it to load within its tries on this device, got none left.`,
    { details: { model, version } },
  );
}

function revoked({ version: { release } }: Serving): NearsideError {
  const { model, version } = release;
  return new NearsideError(
    'version-revoked',
    `Expected ${model} ${version} to be on offer, got a repository that has revoked it and offers ` +
      'this device no other. Runs are refused until it does.',
    { details: { model, version } },
  );
}
