import { defineConfig } from '@playwright/test';
import { chromiumLaunch } from './scripts/chromium.mjs';

/** Whole flows on what is built, in a real browser. Each test starts the servers it needs. */
export default defineConfig({
  testDir: 'tests',
  testMatch: '**/*.flow.ts',
  timeout: 60_000,
  workers: 1,
  forbidOnly: true,
  reporter: [['list']],
  use: { browserName: 'chromium', launchOptions: chromiumLaunch },
});
