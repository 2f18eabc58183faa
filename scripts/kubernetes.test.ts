import { readFileSync } from 'node:fs';
import { BlockList } from 'node:net';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { checkVariables } from './check-variables.js';
import { readStages, variablesIn, wordsOf } from './dockerfile.js';
import { root } from './root.mjs';

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

interface Container {
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly livenessProbe: Probe;
  readonly readinessProbe: Probe;
  readonly startupProbe: Probe;
  readonly securityContext: object;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
}

type Labels = Record<string, string>;

interface Deployment {
  readonly spec: {
    readonly replicas: number;
    readonly selector: { readonly matchLabels: Labels };
    readonly template: {
      readonly metadata: { readonly labels: Labels };
      readonly spec: {
        readonly enableServiceLinks: boolean;
        readonly securityContext: object;
        readonly containers: readonly [Container];
        readonly volumes: readonly {
          readonly name: string;
          readonly secret?: { readonly secretName: string };
          readonly configMap?: { readonly name: string };
        }[];
      };
    };
  };
}

interface DisruptionBudget {
  readonly spec: { readonly minAvailable: number; readonly selector: { matchLabels: Labels } };
}

interface Balancer {
  readonly spec: { readonly selector: Labels; readonly ports: readonly { targetPort: string }[] };
}

const image = readStages().at(-1) ?? [];
const running = read('docs/operating/running.md');
const [deployment, budget, balancer] = parseAllDocuments(read('deploy/kubernetes.yaml')).map(
  (document) => document.toJS(),
) as [Deployment, DisruptionBudget, Balancer];
const pod = deployment.spec.template.spec;
const [container] = pod.containers;

function read(file: string): string {
  return readFileSync(root + file, 'utf8');
}

test('the variables of the collectors are taken, and name files of the secret and of the config map', () => {
  const pathOf = (name: string) =>
    container.volumeMounts.find((mount) => mount.name === name)?.mountPath;
  const files = pod.volumes.flatMap(({ name, secret, configMap }) => {
    const command = secret
      ? `kubectl create secret generic ${secret.secretName} `
      : `kubectl create configmap ${configMap?.name} `;
    const [, words = ''] = running.split(command);
    const [made = ''] = words.split(/\n(?! )/);
    const keys = [...made.matchAll(/--from-file=(?:\w+\/)*([\w.-]+)/g)];
    return keys.map(([, key]) => `${pathOf(name)}/${key}`);
  });
  checkVariables(
    container.env.map(({ name, value }) => [name, value]),
    files,
  );
  expect(files.length).toBe(5);
});

test('a sender is believed of nobody until the range of the ingress controller is written down', () => {
  const value = container.env.find(({ name }) => name === 'NEARSIDE_TRUSTED_PROXY')?.value ?? '';
  const [network = '', bits] = value.split('/');
  const documentation = new BlockList();
  documentation.addSubnet('192.0.2.0', 24, 'ipv4'); // RFC 5737: no cluster has these addresses
  expect(documentation.check(network)).toBe(true);
  expect(Number(bits)).toBeGreaterThanOrEqual(24);
});

test('Kubernetes sets no variable of a collector by itself', () => {
  expect(pod.enableServiceLinks).toBe(false);
});

test('probes ask the paths and the port that a collector has, and always keeps one', () => {
  expect(container.ports).toEqual([
    { name: 'http', containerPort: Number(variablesIn(image).NEARSIDE_PORT) },
  ]);
  const { livenessProbe, readinessProbe, startupProbe } = container;
  expect(livenessProbe.httpGet).toEqual({ path: '/healthz', port: 'http' });
  expect(startupProbe.httpGet).toEqual({ path: '/healthz', port: 'http' });
  expect(readinessProbe.httpGet).toEqual({ path: '/readyz', port: 'http' });
  expect(deployment.spec.replicas).toBe(2);
  expect(budget.spec.minAvailable).toBe(1);
  const { labels } = deployment.spec.template.metadata;
  for (const selected of [
    deployment.spec.selector.matchLabels,
    budget.spec.selector.matchLabels,
    balancer.spec.selector,
  ]) {
    expect(labels).toMatchObject(selected);
  }
  expect(balancer.spec.ports).toMatchObject([{ targetPort: 'http' }]);
});

test('a collector is the user of the image, and may do no more than it needs', () => {
  const [uid, gid] = wordsOf(image, 'USER').join().split(':').map(Number);
  expect(pod.securityContext).toMatchObject({
    runAsNonRoot: true,
    runAsUser: uid,
    runAsGroup: gid,
  });
  expect(container.securityContext).toEqual({
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
  });
});
