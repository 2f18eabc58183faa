import { playwright } from '@vitest/browser-playwright';
import { defineConfig } from 'vitest/config';
import { firefoxLaunch, isInstalled } from './scripts/browsers.mjs';
import { chromiumGpuLaunch, chromiumLaunch, chromiumTestLaunch } from './scripts/chromium.mjs';

interface Lane {
  readonly name: string;
  readonly browser: 'chromium' | 'firefox';
  readonly launchOptions: object;
  readonly include: string[];
  readonly env?: Record<string, string>;
}

/** Loops over all cases take them all, and not some. */
const EVERY_CASE = { EVERY_CASE: '1' };

const lanes: Lane[] = [
  {
    name: 'browser',
    browser: 'chromium',
    launchOptions: chromiumTestLaunch,
    include: ['packages/*/src/**/*.browser.test.ts'],
  },
  {
    name: 'webgpu',
    browser: 'chromium',
    launchOptions: chromiumGpuLaunch,
    include: ['packages/*/src/**/*.gpu.test.ts'],
  },
  {
    name: 'every-write',
    browser: 'chromium',
    launchOptions: chromiumLaunch,
    include: ['packages/artifact/src/installation/{closed-tabs,poisoned-database}.browser.test.ts'],
    env: EVERY_CASE,
  },
];
if (isInstalled('firefox')) {
  lanes.push({
    name: 'firefox',
    browser: 'firefox',
    launchOptions: firefoxLaunch,
    include: [
      'packages/nearside/src/worker/backends/*.{browser,gpu}.test.ts',
      'packages/pipeline/src/image/*.browser.test.ts',
    ],
  });
}

/** Tests that replace a module: they need a process in which no other test has loaded it yet. */
const MOCKED = '**/interrupted*.test.ts';

/** Processes that are killed at every step, and all that takes as long: `npm run test:long`. */
const LONG = '**/*.long.test.ts';

/** Databases and servers of others, which the tests start: `npm run test:stack`. */
const STACK = '**/*.stack.test.ts';

const unit = {
  name: 'unit',
  include: [
    'packages/*/src/**/*.test.ts',
    'scripts/**/*.test.ts',
    'conformance/**/*.test.ts',
    'bench/page/src/**/*.test.ts',
    'examples/*/src/**/*.test.ts',
  ],
  exclude: ['**/*.{browser,gpu}.test.ts', MOCKED, LONG, STACK, '**/node_modules/**', '**/dist/**'],
  isolate: false, // a third of the time would go into loading the same modules for each file
  setupFiles: ['packages/publisher/src/testing/few-rounds.ts'],
};
/** These take some of their cases in `unit` (`testing/some-of.ts`), and all of them here: `npm run test:long`. */
const everyCase = {
  ...unit,
  name: 'every-case',
  include: [
    'packages/publisher/src/attacks/{boot-files,damaged-files,forged-repositories}.test.ts',
    'packages/publisher/src/attacks/{full-store,hostile-transport,poisoned-store}.test.ts',
    'packages/publisher/src/attacks/too-few-signatures.test.ts',
    'packages/publisher/src/library/{verify,verify-as-devices}.test.ts',
  ],
  env: EVERY_CASE,
};
const mocked = { name: 'mocked', include: [`packages/*/src/${MOCKED}`] };
const stack = {
  name: 'stack',
  include: [`packages/*/src/${STACK}`, `scripts/${STACK}`],
  // the driver of PostgreSQL requires its parts, and with this condition it would get them as modules
  without: 'import',
  // some make a hundred databases, one for each step at which a fault can strike
  testTimeout: 600_000,
};
const long = { ...unit, name: 'long', include: [`packages/*/src/${LONG}`], exclude: [] };

export default defineConfig({
  test: {
    projects: [...[unit, everyCase, mocked, long, stack].map(inNode), ...lanes.map(inBrowser)],
  },
});

interface Suite {
  readonly name: string;
  readonly include: string[];
  readonly exclude?: string[];
  readonly isolate?: boolean;
  readonly setupFiles?: string[];
  readonly env?: Record<string, string>;
  /** A condition of packages that does not hold. */
  readonly without?: string;
  readonly testTimeout?: number;
}

function inNode({ without, ...suite }: Suite) {
  const conditions = ['@nearside/source', 'node', 'import'].filter((one) => one !== without);
  return {
    resolve: { conditions: ['@nearside/source'] },
    ssr: { resolve: { conditions } },
    test: {
      environment: 'node' as const,
      // Other stages run beside it, and a shared machine may be ten times slower: the limit is for what hangs.
      testTimeout: 120_000,
      hookTimeout: 120_000,
      ...suite,
    },
  };
}

/** Source tests run on the sources: this condition leads every package to its `src`. */
function inBrowser({ name, browser, launchOptions, include, env = {} }: Lane) {
  return {
    resolve: { conditions: ['@nearside/source', 'module', 'browser', 'development|production'] },
    optimizeDeps: {
      exclude: ['onnxruntime-web'],
      include: [
        'fast-check',
        'valibot',
        '@tensorflow/tfjs-backend-wasm',
        '@tensorflow/tfjs-backend-webgpu',
        '@tensorflow/tfjs-converter',
        '@tensorflow/tfjs-core',
        '@tensorflow/tfjs-layers',
      ],
    },
    worker: { format: 'es' as const },
    server: {
      headers: {
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      },
    },
    test: {
      name,
      include,
      env,
      testTimeout: 180_000, // a GPU that is computed in software shares the cores with other stages
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions }),
        instances: [{ browser }],
      },
    },
  };
}
