import { expect } from 'vitest';
import type * as repositoryWriter from '../repository/writing/repository-writer.js';

/** Makes the nth change to a repository fail, as a full disk or a crash would; by default none. */
const failure = { atChange: Number.POSITIVE_INFINITY, changes: 0, isReached: false };

/** The repository writer with {@link interrupt}, for `vi.mock`. */
export function failingWriter(original: typeof repositoryWriter): typeof repositoryWriter {
  return {
    openRepositoryWriter(directory) {
      const writer = original.openRepositoryWriter(directory);
      return {
        ...writer,
        async write(path, bytes) {
          count();
          return writer.write(path, bytes);
        },
        async append(path, text) {
          count();
          return writer.append(path, text);
        },
        async remove(path) {
          count();
          return writer.remove(path);
        },
      };
    },
  };
}

/** @returns true if `act` reached that change, and that and all later ones failed */
export async function interrupt(atChange: number, act: () => Promise<unknown>): Promise<boolean> {
  Object.assign(failure, { atChange, changes: 0, isReached: false });
  try {
    await act();
  } catch (error) {
    expect(error).toHaveProperty('message', 'injected');
  } finally {
    failure.atChange = Number.POSITIVE_INFINITY;
  }
  return failure.isReached;
}

function count(): void {
  failure.isReached = failure.changes === failure.atChange;
  if (failure.isReached) throw new Error('injected');
  failure.changes += 1;
}
