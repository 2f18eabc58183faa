import {
  bootPath,
  LIMITS,
  modelNames,
  parseBootFile,
  type RepositorySource,
  type TrustedMetadata,
} from '@nearside/artifact';
import { NearsideError } from '@nearside/core';
import { composeBootFile } from '../repository/writing/boot-files.js';
import { collect, type Problem } from './problem.js';

/**
 * Compares every boot file with its expected content. A wrong one does no harm, because its content is verified, but
 * a first open then takes seven more round trips.
 */
export async function verifyBootFiles(
  source: RepositorySource,
  trusted: TrustedMetadata,
  problems: Problem[],
): Promise<void> {
  for (const model of trusted.targets ? modelNames(trusted.targets.signed) : []) {
    const path = bootPath(model);
    await collect(problems, path, async () => {
      const got = await source.fetchIfPresent(path, { maxBytes: LIMITS.bootBytes });
      // An error in composing it is a problem of a version.
      const expected = await composeBootFile(source, trusted, model);
      if (got) parseBootFile(got);
      if (expected && !(got && Buffer.from(expected).equals(got))) throw stale(path, Boolean(got));
    });
  }
}

function stale(path: string, isPresent: boolean): NearsideError {
  return new NearsideError(
    isPresent ? 'digest-mismatch' : 'file-missing',
    `${path}: expected a boot file with the small files of the newest version, got ` +
      `${isPresent ? 'other bytes' : 'no file'}. Devices fetch them one by one instead. Upload ` +
      'it last; `nearside renew` writes it again.',
    { details: { path } },
  );
}
