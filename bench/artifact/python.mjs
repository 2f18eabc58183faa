import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Debian's, whose packages these are; `PYTHON` overrides. */
const PYTHON = process.env.PYTHON ?? '/usr/bin/python3';
const MODULES = ['torch', 'onnx', 'onnxruntime', 'numpy'];
const PACKAGES = ['python3-torch', 'python3-onnx', 'python3-onnxruntime', 'python3-numpy'];

/**
 * A Python with what training and exporting take; as root on Debian it is installed.
 *
 * @returns {{ python: string } | { missing: string }}
 */
export function findPython() {
  if (canImport()) return { python: PYTHON };
  if (process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    console.error('Installing PyTorch …');
    apt(['update', '-qq']);
    apt([
      '-o',
      'DPkg::Lock::Timeout=600',
      'install',
      '-y',
      '-qq',
      '--no-install-recommends',
      ...PACKAGES,
    ]);
    if (canImport()) return { python: PYTHON };
  }
  return {
    missing: `needs Python with ${MODULES.join(', ')} (Debian: apt-get install ${PACKAGES.join(' ')}); PYTHON names another`,
  };
}

function canImport() {
  return (
    spawnSync(PYTHON, ['-c', `import ${MODULES.join(', ')}`], { stdio: 'ignore' }).status === 0
  );
}

function apt(args) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', args, { stdio: ['ignore', 2, 2], env });
}
