import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, Service, until } from './service.mjs';

/**
 * Starts a Prometheus that scrapes and looks at its rules every second.
 *
 * @param {object} options
 * @param {Record<string, string[]>} options.jobs addresses to scrape, `http://127.0.0.1:8787`, by job
 * @param {string[]} [options.rules] the text of each rule file
 * @param {string} [options.alertmanager] its address
 */
export async function startPrometheus({ jobs, rules = [], alertmanager }) {
  const service = new Service('prometheus');
  const port = await freePort();
  const ruleFiles = rules.map((_, i) => join(service.folder, `rules-${i}.yml`));
  await Promise.all(ruleFiles.map((file, i) => writeFile(file, rules[i] ?? '')));
  const config = {
    global: { scrape_interval: '1s', scrape_timeout: '1s', evaluation_interval: '1s' },
    rule_files: ruleFiles,
    scrape_configs: Object.entries(jobs).map(([job, urls]) => ({
      job_name: job,
      static_configs: [{ targets: urls.map(hostOf) }],
    })),
    alerting: {
      alertmanagers: alertmanager
        ? [{ static_configs: [{ targets: [hostOf(alertmanager)] }] }]
        : [],
    },
  };
  const configFile = join(service.folder, 'prometheus.yml');
  await writeFile(configFile, JSON.stringify(config)); // YAML all the same
  const url = `http://127.0.0.1:${port}`;
  await service.spawn(
    'prometheus',
    [
      `--config.file=${configFile}`,
      `--storage.tsdb.path=${join(service.folder, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { isReady: () => answers(`${url}/-/ready`) },
  );

  /** @returns {Promise<any>} `data` of its answer */
  async function ask(path) {
    const answer = await fetch(`${url}/api/v1/${path}`);
    const { status, data, error } = await answer.json();
    if (status !== 'success') throw new Error(`Prometheus answered to ${path}: ${error}`);
    return data;
  }

  return {
    url,
    ask,
    /** @returns {Promise<{ metric: Record<string, string>, value: number }[]>} of an expression, now */
    async query(expression) {
      const { result } = await ask(`query?query=${encodeURIComponent(expression)}`);
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    /** Waits until each target was scraped. */
    scraped: () =>
      until(
        async () => {
          const { activeTargets } = await ask('targets?state=active');
          return activeTargets.every(({ health }) => health === 'up');
        },
        { what: () => `targets that are up:\n${service.log}` },
      ),
    close: () => service.close(),
  };
}

/** @returns {Promise<boolean>} whether an address answers with 200 */
export async function answers(url) {
  try {
    return (await fetch(url)).status === 200;
  } catch {
    return false;
  }
}

function hostOf(url) {
  return new URL(url).host;
}
