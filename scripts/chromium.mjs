import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

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

/** Installs Debian's Chromium as root on Debian; elsewhere says what to do. */
export function ensureChromium() {
  if (existsSync(chromiumPath)) return;
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    console.error('Installing Chromium …');
    apt(['update', '-qq']);
    apt([
      '-o',
      'DPkg::Lock::Timeout=600',
      'install',
      '-y',
      '-qq',
      '--no-install-recommends',
      'chromium',
    ]);
    if (existsSync(chromiumPath)) return;
  }
  console.error(
    `Expected Chromium at ${chromiumPath}, got none.\n` +
      'Install it (Debian: apt-get install chromium), or name another: CHROMIUM=/path/to/chrome npm test',
  );
  process.exit(1);
}

function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env });
}
