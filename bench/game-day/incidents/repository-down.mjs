import { staysOut } from '../plays.mjs';
import { passWindows, release } from '../stage.mjs';

/** A version is shipped, and then the repository answers 503 for an hour. It is no fault of the version. */
export const repositoryDown = {
  name: 'repository-down',
  title: 'a repository that answers 5xx while a version is shipped',
  people: 'nobody who had the model noticed; first visits failed',
  cause: 'The host of the repository answered 503 to every request.',
  action: 'name a mirror in `open`',
  change: 'nothing',
  async play(stage, packed) {
    const { faults } = stage.repository;
    await passWindows(stage, 2);
    await release(stage, packed);
    faults.isDown = true;
    await staysOut(stage, { hours: 1, what: 'nothing is taken back while it is down' });
    faults.isDown = false;
    await staysOut(stage, { hours: 1, what: 'nothing is taken back afterwards' });
  },
};
