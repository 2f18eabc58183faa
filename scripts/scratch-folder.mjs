import { accessSync, constants, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';

/** Repositories, databases and profiles of tests are written here: a disk that syncs each of them takes longer. */
export function scratchFolder() {
  return hasRoom('/dev/shm') ? '/dev/shm' : tmpdir();
}

/** A container may have 64 MB there. */
function hasRoom(directory) {
  try {
    accessSync(directory, constants.W_OK);
    const { bavail, bsize } = statfsSync(directory);
    return bavail * bsize > 4 * 2 ** 30;
  } catch {
    return false;
  }
}
