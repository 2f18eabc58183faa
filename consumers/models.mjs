import { publishModels, startRepository } from '../scripts/stack.mjs';
import { record } from './recorder.mjs';

/**
 * Publishes `models/digits`, and serves it behind a recorder.
 *
 * @param {string} dir for keys and the repository
 */
export async function startRecordedModels(dir) {
  const { repository, pin } = await publishModels(dir, ['digits']);
  const server = await startRepository(repository, 0);
  const recorder = await record(server.url);
  return {
    ...recorder,
    pin,
    async close() {
      await recorder.close();
      await server.close();
    },
  };
}
