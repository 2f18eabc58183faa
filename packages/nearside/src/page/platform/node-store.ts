import { join } from 'node:path';
import { openStore as openArtifactStore } from '@nearside/artifact';
import { openFileStore } from '@nearside/artifact/file-store';
import type { OpenStore } from '../../shared/open-store.js';

/** A directory per database where one is given, else memory: a server's disk is not ours to choose. */
export const openStore: OpenStore = (database, choice) =>
  typeof choice === 'object'
    ? openFileStore(join(choice.directory, database))
    : openArtifactStore(database, choice);
