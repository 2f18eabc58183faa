import { existsSync } from 'node:fs';
import { installWithApt } from './apt.mjs';
import { chromiumPath, ensureChromium } from './chromium.mjs';

/** Debian's Firefox ESR; Playwright drives the stock browser over WebDriver BiDi. */
const FIREFOX = '/usr/bin/firefox-esr';

/** Mesa's software Vulkan, without which Firefox has no WebGPU on a machine without a GPU. */
export const SOFTWARE_VULKAN = '/usr/share/vulkan/icd.d/lvp_icd.json';

const WEBKIT_DRIVER = '/usr/bin/WebKitWebDriver';
const XVFB = '/usr/bin/Xvfb';

/** Launch options for Playwright's `firefox`. */
export const firefoxLaunch = {
  channel: 'moz-firefox',
  executablePath: FIREFOX,
  firefoxUserPrefs: {
    'dom.webgpu.enabled': true,
    'dom.webgpu.workers.enabled': true,
    'gfx.webgpu.ignore-blocklist': true,
  },
  env: { ...process.env, VK_ICD_FILENAMES: SOFTWARE_VULKAN },
};

export const webkit = {
  driver: WEBKIT_DRIVER,
  display: XVFB,
  browser: '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
};

/** Engines beside Chromium that some of the tests run in, where they can be had. */
const otherEngines = {
  firefox: {
    packages: ['firefox-esr', 'mesa-vulkan-drivers'],
    needs: [FIREFOX, SOFTWARE_VULKAN],
  },
  webkit: {
    packages: ['webkit2gtk-driver', 'xvfb'],
    needs: Object.values(webkit),
  },
};

/** @param {keyof typeof otherEngines} engine */
export function isInstalled(engine) {
  return otherEngines[engine].needs.every((file) => existsSync(file));
}

/**
 * Installs what is missing of all browsers, as root on Debian and with one call of apt. Elsewhere it says what to
 * do for Chromium, without which nothing can be tested, and that the tests in another engine are left out.
 */
function installBrowsers() {
  const missing = Object.keys(otherEngines).filter((engine) => !isInstalled(engine));
  const packages = missing.flatMap((engine) => otherEngines[engine].packages);
  if (!existsSync(chromiumPath)) packages.unshift('chromium');
  if (packages.length > 0) installWithApt(packages);
  for (const engine of missing) {
    if (isInstalled(engine)) continue;
    const { packages, needs } = otherEngines[engine];
    const absent = needs.filter((file) => !existsSync(file)).join(', ');
    console.error(
      `Leaving out the tests in ${engine}: expected ${absent}, got no such file. ` +
        `On Debian: apt-get install ${packages.join(' ')}`,
    );
  }
  ensureChromium();
}

if (process.argv[1] === new URL(import.meta.url).pathname) installBrowsers();
