import { existsSync } from 'node:fs';
import { installWithApt } from './apt.mjs';

/** Where Debian's package puts Chromium; `CHROMIUM` overrides. */
export const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Launch options for Playwright: no sandbox (root), and no traffic of the browser's own. */
export const chromiumLaunch = {
  executablePath: chromiumPath,
  args: [
    '--no-sandbox',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

/** The same with WebGPU computed in software: right or wrong as on a GPU, and never fast. */
export const chromiumGpuLaunch = {
  ...chromiumLaunch,
  args: [...chromiumLaunch.args, '--enable-unsafe-webgpu'],
};

/** Installs Debian's Chromium as root on Debian; elsewhere says what to do. */
export function ensureChromium() {
  if (existsSync(chromiumPath)) return;
  installWithApt(['chromium']);
  if (existsSync(chromiumPath)) return;
  console.error(
    `Expected Chromium at ${chromiumPath}, got none.\n` +
      'Install it (Debian: apt-get install chromium), or name another: CHROMIUM=/path/to/chrome npm test',
  );
  process.exit(1);
}
