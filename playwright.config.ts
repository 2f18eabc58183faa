import { defineConfig } from '@playwright/test';
import { firefoxLaunch, isInstalled } from './scripts/browsers.mjs';
import { chromiumGpuLaunch, chromiumLaunch } from './scripts/chromium.mjs';

/** What every engine is held to; Chromium without a GPU runs all the rest as well. */
const EVERYWHERE = ['core-path.flow.ts', 'gpu.flow.ts'];
const WEBKIT = 'webkit.flow.ts';

/** Whole flows on what is built, in real browsers. Each test starts the servers it needs. */
export default defineConfig({
  testDir: 'tests',
  testMatch: '**/*.flow.ts',
  timeout: 60_000,
  workers: 1,
  forbidOnly: true,
  reporter: [['list']],
  projects: [
    {
      name: 'chromium',
      testIgnore: [WEBKIT],
      use: { browserName: 'chromium', launchOptions: chromiumLaunch },
    },
    {
      name: 'webgpu',
      testMatch: EVERYWHERE,
      use: { browserName: 'chromium', launchOptions: chromiumGpuLaunch },
    },
    ...(isInstalled('firefox')
      ? [
          {
            name: 'firefox',
            testMatch: EVERYWHERE,
            use: { browserName: 'firefox' as const, launchOptions: firefoxLaunch },
          },
        ]
      : []),
    ...(isInstalled('webkit') ? [{ name: 'webkit', testMatch: WEBKIT }] : []),
  ],
});
