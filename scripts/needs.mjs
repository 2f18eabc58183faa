import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { installWithApt } from './apt.mjs';
import { firefoxLaunch, SOFTWARE_VULKAN, webkit } from './browsers.mjs';
import { chromiumPath } from './chromium.mjs';

const FONTS = '/usr/share/fonts/truetype';

/** Python's modules by the name that imports them: Debian's package, and pip's. */
const MODULES = {
  PIL: ['python3-pil', 'pillow'],
  cv2: ['python3-opencv', 'opencv-python-headless'],
  flask_cors: ['python3-flask-cors', 'flask-cors'], // which the server of moto imports
  moto: ['python3-moto', 'moto[s3,server]'],
  numpy: ['python3-numpy', 'numpy'],
  onnx: ['python3-onnx', 'onnx'],
  onnxruntime: ['python3-onnxruntime', 'onnxruntime'],
  pyclipper: ['python3-pyclipper', 'pyclipper'],
  sentencepiece: ['python3-sentencepiece', 'sentencepiece'],
  skimage: ['python3-skimage', 'scikit-image'],
  torch: ['python3-torch', 'torch'],
};

/** All else: Debian's package, and the file that shows that it is there. */
const FILES = {
  aws: ['awscli', '/usr/bin/aws'],
  buildah: ['buildah', '/usr/bin/buildah'],
  chromium: ['chromium', chromiumPath],
  debootstrap: ['debootstrap', '/usr/sbin/debootstrap'],
  espeak: ['espeak-ng', '/usr/bin/espeak-ng'],
  firefox: ['firefox-esr', firefoxLaunch.executablePath],
  postgres: ['postgresql-17', '/usr/lib/postgresql/17/bin/postgres'],
  prometheus: ['prometheus', '/usr/bin/prometheus'],
  alertmanager: ['prometheus-alertmanager', '/usr/bin/prometheus-alertmanager'],
  nginx: ['nginx-light', '/usr/sbin/nginx'],
  caddy: ['caddy', '/usr/bin/caddy'],
  webkit: ['webkit2gtk-driver', webkit.browser],
  xvfb: ['xvfb', webkit.display],
  vulkan: ['mesa-vulkan-drivers', SOFTWARE_VULKAN],
  DejaVu: ['fonts-dejavu-core', `${FONTS}/dejavu/DejaVuSans.ttf`],
  FreeFont: ['fonts-freefont-ttf', `${FONTS}/freefont/FreeSans.ttf`],
  Liberation: ['fonts-liberation', `${FONTS}/liberation/LiberationSerif-Regular.ttf`],
};

/** `PYTHON` names the one Python that counts. Without it Debian's counts too, as its packages are not seen by others. */
const PYTHONS = process.env.PYTHON ? [process.env.PYTHON] : ['python3', '/usr/bin/python3'];

/** A script that prints those of its arguments that it could not import. */
const LACKING =
  'import importlib.util as i, sys; print(*(m for m in sys.argv[1:] if i.find_spec(m) is None))';

/**
 * Ends the process, before anything is built or measured, where something is missing that cannot be installed. It says all
 * that is missing, and how to get it.
 *
 * @param {readonly string[]} names of `MODULES` and `FILES`
 */
export function ensureNeeds(names) {
  const missing = installNeeds(names);
  if (missing === undefined) return;
  console.error(missing);
  process.exit(1);
}

/**
 * Installs what is missing, as root on Debian.
 *
 * @param {readonly string[]} names
 * @returns {string | undefined} what is missing still, in words
 */
export function installNeeds(names) {
  const before = missingOf(names);
  if (before.length === 0) return undefined;
  const installable = before.filter((name) => !isNamed(name));
  if (installable.length > 0) installWithApt(installable.map(packageOf));
  const missing = missingOf(names);
  return missing.length > 0 ? inWords(missing) : undefined;
}

/** @returns {string | undefined} the first Python that has all of these modules */
export function findPython(modules) {
  return PYTHONS.find((python) => lackedBy(python, modules).length === 0);
}

function missingOf(names) {
  const modules = names.filter((name) => name in MODULES);
  const lacked = PYTHONS.map((python) => lackedBy(python, modules));
  const [fewest = []] = lacked.sort((a, b) => a.length - b.length);
  const files = names.filter((name) => name in FILES && !existsSync(FILES[name][1]));
  return [...files, ...fewest];
}

/** A Python or a browser that the environment names is not Debian's, and gets nothing from its packages. */
function isNamed(name) {
  const { PYTHON, CHROMIUM } = process.env;
  return Boolean(name in MODULES ? PYTHON : name === 'chromium' && CHROMIUM);
}

/** A Python that does not start lacks all. */
function lackedBy(python, modules) {
  if (modules.length === 0) return [];
  const { status, stdout } = spawnSync(python, ['-c', LACKING, ...modules], { encoding: 'utf8' });
  return status === 0 ? stdout.split(/\s+/).filter((name) => name !== '') : modules;
}

function packageOf(name) {
  const [packageName] = MODULES[name] ?? FILES[name];
  return packageName;
}

function inWords(missing) {
  const modules = missing.filter((name) => name in MODULES);
  const files = missing.filter((name) => name in FILES);
  const lines = files.map((name) => `Expected ${name} at ${FILES[name][1]}, got no such file.`);
  if (modules.length > 0) {
    lines.push(`Expected Python with ${modules.join(', ')}, got none (${PYTHONS.join(', ')}).`);
  }
  lines.push(`On Debian: apt-get install ${missing.map(packageOf).join(' ')}`);
  if (modules.length > 0) {
    const packages = modules.map((name) => MODULES[name][1]).join(' ');
    lines.push(`Elsewhere: python3 -m pip install ${packages}`);
    lines.push('PYTHON=/path/to/python3 names another Python.');
  }
  if (missing.includes('chromium')) lines.push('CHROMIUM=/path/to/chrome names another browser.');
  return lines.join('\n');
}
