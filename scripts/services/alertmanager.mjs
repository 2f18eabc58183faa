import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { answers } from './prometheus.mjs';
import { freePort, Service } from './service.mjs';

/**
 * Starts an Alertmanager on its own.
 *
 * @param {string} config the text of its configuration
 */
export async function startAlertmanager(config) {
  const service = new Service('alertmanager');
  const configFile = join(service.folder, 'alertmanager.yml');
  await writeFile(configFile, config);
  const url = `http://127.0.0.1:${await freePort()}`;
  await service.spawn(
    'prometheus-alertmanager',
    [
      `--config.file=${configFile}`,
      `--storage.path=${join(service.folder, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--cluster.listen-address=', // there is no other one
    ],
    { isReady: () => answers(`${url}/-/ready`) },
  );
  return {
    url,
    /** @returns {Promise<any>} */
    ask: async (path) => (await fetch(`${url}/api/v2/${path}`)).json(),
    close: () => service.close(),
  };
}
