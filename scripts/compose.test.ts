import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { parseTargets } from '../packages/collector/src/files/targets.js';
import { hasPromtool } from '../packages/collector/src/testing/promtool.js';
import { checkVariables } from './check-variables.js';
import { readStages, variablesIn } from './dockerfile.js';
import { root } from './root.mjs';

interface Compose {
  readonly services: Record<string, Service>;
  readonly volumes: Record<string, null>;
  readonly secrets: Record<string, { readonly file: string }>;
}

interface Service {
  readonly image: string;
  readonly command?: readonly string[];
  readonly environment?: Record<string, string>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly depends_on?: Record<string, object>;
}

interface Targets {
  readonly static_configs: readonly { readonly targets: readonly string[] }[];
}

interface Prometheus {
  readonly rule_files: readonly string[];
  readonly alerting: { readonly alertmanagers: readonly Targets[] };
  readonly scrape_configs: readonly (Targets & {
    readonly authorization: { readonly credentials_file: string };
  })[];
}

const image = readStages().at(-1) ?? [];
const port = variablesIn(image).NEARSIDE_PORT;
const running = read('docs/operating/running.md');
const { services, volumes, secrets }: Compose = parse(read('compose.yaml'));
const prometheus: Prometheus = parse(read('deploy/prometheus.yml'));

function read(file: string): string {
  return readFileSync(root + file, 'utf8');
}

function serviceOf(name: string): Service {
  const service = services[name];
  if (!service) throw new Error(`expected a service ${name} in compose.yaml, got none`);
  return service;
}

/** Without what the environment may say instead. */
function withDefaults(text: string): string {
  return text.replace(/\$\{\w+:-([^}]*)\}/g, '$1');
}

/** The files of the repository and the volumes that a service has. */
function mountsOf({ volumes = [] }: Service): { from: string; to: string }[] {
  return volumes.map((line) => {
    const [from = '', to = ''] = line.split(':');
    return { from, to };
  });
}

test.each(['collector', 'rules'])(
  'the variables of %s are taken, and name secrets and files that it has',
  (name) => {
    const { environment = {}, secrets: given = [] } = serviceOf(name);
    const secretFiles = given.map((secret) => `/run/secrets/${secret}`);
    const variables = Object.entries(environment);
    checkVariables(
      variables.map(([variable, value]) => [variable, withDefaults(value)]),
      [...secretFiles, '/etc/nearside/slo.json'],
    );
    expect(mountsOf(serviceOf(name))).toContainEqual({
      from: './deploy/collector',
      to: '/etc/nearside',
    });
    parseTargets(JSON.parse(read('deploy/collector/slo.json')));
  },
);

test('each file, volume, secret and service that compose.yaml names exists, and images of others have a version', () => {
  for (const [name, service] of Object.entries(services)) {
    for (const { from } of mountsOf(service)) {
      if (from.startsWith('.')) expect(existsSync(root + from), from).toBe(true);
      else expect(Object.keys(volumes)).toContain(from);
    }
    expect(Object.keys(secrets)).toEqual(expect.arrayContaining([...(service.secrets ?? [])]));
    for (const other of Object.keys(service.depends_on ?? {})) serviceOf(other);
    if (service.image !== 'nearside-collector') expect(service.image, name).toMatch(/:v?\d/);
    for (const published of service.ports ?? []) expect(published).toMatch(/^127\.0\.0\.1:/);
  }
  expect(serviceOf('collector').ports).toEqual([`127.0.0.1:${port}:${port}`]);
});

test('secrets are files that neither git nor the image has, and the docs make each', () => {
  for (const [name, { file }] of Object.entries(secrets)) {
    expect(file).toBe(`secrets/${name}`);
    expect(running).toMatch(new RegExp(`> ${file}$`, 'm'));
  }
  expect(read('.gitignore')).toMatch(/^\/secrets\/$/m);
});

test('Prometheus scrapes the collector with its token, reads its rules and reaches Alertmanager', () => {
  const [job, ...others] = prometheus.scrape_configs;
  expect(others).toEqual([]);
  expect(job?.static_configs).toEqual([{ targets: [`collector:${port}`] }]);
  // a file of its own: that of the collector has two lines while a token is replaced
  expect(job?.authorization.credentials_file).toBe('/run/secrets/prometheus-token');
  expect(serviceOf('prometheus').secrets).toEqual(['prometheus-token']);
  expect(serviceOf('collector').secrets).not.toContain('prometheus-token');
  expect(serviceOf('alertmanager').ports).toEqual(['127.0.0.1:9093:9093']);
  expect(prometheus.alerting.alertmanagers).toEqual([
    { static_configs: [{ targets: ['alertmanager:9093'] }] },
  ]);
  const rules = mountsOf(serviceOf('rules')).find(({ from }) => from === 'rules');
  expect(serviceOf('rules').command).toEqual(['rules', '--out', `${rules?.to}/nearside.yml`]);
  expect(mountsOf(serviceOf('prometheus'))).toContainEqual({
    from: 'rules',
    to: '/etc/prometheus/rules',
  });
  expect(prometheus.rule_files).toEqual(['rules/*.yml']);
});

test('Alertmanager has each file that its configuration names', () => {
  const named = read('deploy/alertmanager.yml').match(/\/run\/secrets\/[\w-]+/g) ?? [];
  const given = serviceOf('alertmanager').secrets ?? [];
  expect(given.map((secret) => `/run/secrets/${secret}`)).toEqual([...new Set(named)]);
});

test.each(['prometheus', 'alertmanager'])(
  '%s of compose.yaml reads the file that it is given',
  (name) => {
    const [flag = ''] = serviceOf(name).command ?? [];
    const { from, to } = mountsOf(serviceOf(name)).find(({ from }) => from.endsWith('.yml')) ?? {};
    expect(flag).toBe(`--config.file=${to}`);
    expect(from).toBe(`./deploy/${name}.yml`);
  },
);

test.skipIf(!hasPromtool)(
  'Prometheus finds nothing wrong with its file, beside the rules and the token',
  async () => {
    const folder = await mkdtemp(`${tmpdir()}/nearside-prometheus-`);
    try {
      await mkdir(`${folder}/rules`);
      await writeFile(`${folder}/prometheus-token`, 'read-token-0123456789');
      await writeFile(`${folder}/rules/nearside.yml`, read('deploy/nearside.rules.yml'));
      const config = read('deploy/prometheus.yml').replace('/run/secrets', folder);
      await writeFile(`${folder}/prometheus.yml`, config);
      const words = ['check', 'config', '--lint-fatal', `${folder}/prometheus.yml`];
      const { status, stdout, stderr } = spawnSync('promtool', words, { encoding: 'utf8' });
      expect(status, stdout + stderr).toBe(0);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
