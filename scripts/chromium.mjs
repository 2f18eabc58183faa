import { existsSync } from 'node:fs';
import { installWithApt } from './apt.mjs';

/** Where Debian's package puts Chromium; `CHROMIUM` overrides. */
export const chromiumPath = process.env.CHROMIUM ?? '/usr/bin/chromium';

/**
 * What Playwright turns off of Chromium. Of two `--disable-features` the last one counts, so ours repeats it:
 * `chromium.test.ts` says when Playwright has more.
 */
const OFF_IN_PLAYWRIGHT = [
  'AimEnabled',
  'AutoDeElevate',
  'AvoidCorsURLLoaderRestartOnRedirect',
  'AvoidUnnecessaryBeforeUnloadCheckSync',
  'BlockOriginHeaderModificationOnRedirect',
  'DestroyProfileOnBrowserClose',
  'DialMediaRouteProvider',
  'GlobalMediaControls',
  'HttpsUpgrades',
  'LensOverlay',
  'MediaRouter',
  'NetworkTimeServiceQuerying',
  'OptimizationHints',
  'PaintHolding',
  'ThirdPartyStoragePartitioning',
  'Translate',
  'msEdgeUpdateLaunchServicesPreferredVersion',
  'msForceBrowserSignIn',
];

/**
 * The address bar's list is a page, and a page for it is loaded with each window before anybody types: two
 * processes, which take half of the time of a small test.
 */
const ADDRESS_BAR = ['WebUIOmniboxPopup', 'WebUIOmniboxAimPopup', 'WebUIOmniboxFullPopup'];

/** A process that waits for the next site: a test has none, and its start is a tenth of what an empty page takes. */
const WAITING_PROCESS = 'SpareRendererForSitePerProcess';

/** Launch options for Playwright: no sandbox (root), and no traffic or pages of the browser's own. */
export const chromiumLaunch = {
  executablePath: chromiumPath,
  args: [
    '--no-sandbox',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    `--disable-features=${[...OFF_IN_PLAYWRIGHT, ...ADDRESS_BAR, WAITING_PROCESS].join(',')}`,
  ],
};

/** How much of a wasm function runs before V8 optimises it, bytes of its code. In a test little runs as often. */
const TIERING_BUDGET = 1_000_000_000;

/**
 * The same for tests where no speed is told: to optimise a runtime's functions takes longer than most tests compute.
 * The lanes of `npm run test:long` and `npm run test:engines`, and all benches, leave V8 as it is.
 */
export const chromiumTestLaunch = {
  ...chromiumLaunch,
  args: [...chromiumLaunch.args, `--js-flags=--wasm-tiering-budget=${TIERING_BUDGET}`],
};

/** The same as the first with WebGPU computed in software: right or wrong as on a GPU, and never fast. */
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
