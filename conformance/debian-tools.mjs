import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { PYTHON } from './tools/python-tuf.mjs';

/** Name → Debian's packages, and how to see that it is there. */
const TOOLS = {
  cosign: { packages: ['cosign'], probe: ['cosign', 'version'] },
  'python3-tuf': {
    // Without `cryptography` it cannot check a signature; Debian only recommends it.
    packages: ['python3-tuf', 'python3-cryptography'],
    probe: [PYTHON, '-c', 'import cryptography, tuf'],
  },
  openssl: { packages: ['openssl'], probe: ['openssl', 'version'] },
};

/**
 * Installs what is missing as root on Debian; elsewhere says what is missing and goes on.
 *
 * @returns {import('./report.mjs').Tool[]}
 */
export function ensureDebianTools() {
  const missing = Object.values(TOOLS).filter(({ probe }) => !runs(probe));
  if (missing.length > 0 && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    const packages = missing.flatMap((tool) => tool.packages);
    console.error(`Installing ${packages.join(', ')} …`);
    apt(['update', '-qq']);
    const flags = ['-o', 'DPkg::Lock::Timeout=600', 'install', '-y', '-qq'];
    apt([...flags, '--no-install-recommends', ...packages]);
  }
  return findDebianTools();
}

/** What is there already. @returns {import('./report.mjs').Tool[]} */
export function findDebianTools() {
  return Object.entries(TOOLS).map(([name, { packages, probe }]) => {
    if (!runs(probe)) return { name, missing: `on Debian, apt-get install ${packages.join(' ')}` };
    return { name, version: packageVersion(packages[0]) };
  });
}

function runs([command, ...words]) {
  return spawnSync(command, words, { stdio: 'ignore' }).status === 0;
}

/** Debian's own, with its patches: `cosign version` says `devel`. */
function packageVersion(name) {
  const { status, stdout } = spawnSync('dpkg-query', ['--status', name], { encoding: 'utf8' });
  return status === 0 ? /^Version: (.+)$/m.exec(stdout)?.[1] : undefined;
}

function apt(words) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', words, { stdio: ['ignore', 2, 2], env });
}
