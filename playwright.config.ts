import { defineConfig } from '@playwright/test';
import { firefoxLaunch, isInstalled } from './scripts/browsers.mjs';
import { chromiumGpuLaunch, chromiumLaunch, chromiumTestLaunch } from './scripts/chromium.mjs';

/** What every engine is held to; Chromium without a GPU runs all the rest as well. */
const EVERYWHERE = [
  'bad-input.flow.ts',
  'core-path.flow.ts',
  'gpu.flow.ts',
  'self-check.flow.ts',
  'stream-path.flow.ts',
];
/** Of these Firefox has its own implementation, and the rest alone. */
const IN_FIREFOX = [
  'bad-input.flow.ts',
  'core-path.flow.ts',
  'lost-store.flow.ts',
  'readme.flow.ts',
];
const WEBKIT = 'webkit.flow.ts';

/**
 * Tests by what their lane has to have: WebGPU, none, a GPU process that can be ended from outside, or
 * a GPU that can be taken out, which are Chromium's alone. A lane that ought to have WebGPU and has not fails.
 */
const GPU = /@gpu\b/;
const NO_GPU = /@no-gpu\b/;
const GPU_PROCESS = /@gpu-process\b/;
const NEW_GPU = /@new-gpu\b/;

/** What takes longest, and breaks least: `npm run test:long`. */
const LONG = /@long\b/;

/** What says that a lane works at all, also where its other tests are of a GPU. */
const EVERY_LANE = /@every-lane\b/;

const THREADS = /@threads\b/;

/** What our own lines decide, in whatever engine: Chromium stands for Firefox in `npm test`. */
const ALIKE = /@alike\b/;

/** How pages and servers hand the library out, and what is in its way. */
const OF_PAGES = [
  'blocked.flow.ts',
  'ready-models.flow.ts',
  'runtime-files.flow.ts',
  'script-tag.flow.ts',
];
const IN_PAGES = /(?:blocked|ready-models|runtime-files|script-tag)\.flow\.ts/;
const MORE_IN_FIREFOX = /(?:stream-path|early-reports)\.flow\.ts/;

/** Which GPU serves, and what becomes of it: minutes on one that is computed in software. */
const GPU_FLOW = 'gpu.flow.ts';

const firefox = { browserName: 'firefox' as const, launchOptions: firefoxLaunch };
const gpuChromium = { browserName: 'chromium' as const, launchOptions: chromiumGpuLaunch };

/** Whole flows on what is built, in real browsers. Each test starts the servers it needs. */
export default defineConfig({
  testDir: 'tests',
  testMatch: '**/*.flow.ts',
  globalSetup: './tests/make-once.ts',
  // Other stages run beside it, and a shared machine may be ten times slower: limits are for what never comes.
  timeout: 180_000,
  expect: { timeout: 90_000 },
  workers: 3,
  // On a busy machine one of 330 tests may miss a moment. `npm test` names at its end what passed only the second time.
  retries: 1,
  forbidOnly: true,
  reporter: [['list']],
  // They begin in this order: the few long files first, so that no worker ends alone with one.
  projects: [
    ...(isInstalled('firefox')
      ? [
          {
            name: 'firefox',
            testMatch: IN_FIREFOX,
            grepInvert: [GPU, NO_GPU, THREADS, ALIKE],
            metadata: { isIsolated: false },
            use: firefox,
          },
          {
            // Not in `npm test`: on a software GPU it takes as long as all else in Firefox. `npm run test:engines`.
            name: 'firefox-more',
            testMatch: [...EVERYWHERE, ...OF_PAGES, 'early-reports.flow.ts'],
            grep: [GPU, IN_PAGES, MORE_IN_FIREFOX, ALIKE],
            grepInvert: [GPU_PROCESS, NEW_GPU, THREADS, NO_GPU],
            metadata: { isIsolated: false },
            use: firefox,
          },
          {
            name: 'firefox-threads',
            testMatch: EVERYWHERE,
            grep: THREADS,
            // Driven over WebDriver BiDi, Firefox ESR 153 never returns from one in some 30 `new Worker` in a
            // worker, of plain pages too; undriven from none of 700. ONNX Runtime's threads are such workers,
            // and only an isolated page has them.
            retries: 2,
            timeout: 40_000,
            use: firefox,
          },
        ]
      : []),
    {
      // As `firefox-more`; `npm test` has the backends' own tests on WebGPU.
      name: 'webgpu',
      testMatch: EVERYWHERE,
      testIgnore: GPU_FLOW,
      grep: [GPU, EVERY_LANE],
      use: gpuChromium,
    },
    { name: 'webgpu-more', testMatch: GPU_FLOW, grep: GPU, use: gpuChromium },
    {
      name: 'chromium',
      testIgnore: [WEBKIT],
      grepInvert: [GPU, LONG],
      use: { browserName: 'chromium', launchOptions: chromiumTestLaunch },
    },
    {
      name: 'long',
      grep: LONG,
      use: { browserName: 'chromium', launchOptions: chromiumLaunch },
    },
    ...(isInstalled('webkit') ? [{ name: 'webkit', testMatch: WEBKIT, grepInvert: LONG }] : []),
  ],
});
