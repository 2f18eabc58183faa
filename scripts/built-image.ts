import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from './root.mjs';

/** Debian's release that stands in for the one of Node's image. */
const DEBIAN = 'trixie';

/** Where a build finds the authorities whose certificates this machine trusts. */
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt';

const TAG = 'collector';

/** What an image says of its command. */
interface ImageConfig {
  readonly Env: readonly string[];
  readonly User: string;
  readonly WorkingDir: string;
  readonly Entrypoint: readonly string[];
  readonly Volumes: Record<string, object>;
  /** `CMD`, and the words of the command. */
  readonly Healthcheck: { readonly Test: readonly string[] };
}

/** What a container gets beside its image. */
interface ContainerOptions {
  readonly env?: Record<string, string>;
  /** Folders of the container that show folders of this machine. */
  readonly readable?: Record<string, string>;
  readonly writable?: Record<string, string>;
  /** By default the image's. */
  readonly user?: string;
}

/**
 * Builds the Dockerfile with Buildah, which needs no server, from the context that `.dockerignore` leaves. No image can be
 * pulled, so Debian with the npm registry's Node has the name of the one that `FROM` asks for. It needs root.
 */
export function buildImage() {
  const folder = mkdtempSync(join(tmpdir(), 'nearside-image-'));
  const started: ChildProcess[] = [];

  function buildah(command: string, ...words: string[]): string {
    const storage = ['--root', join(folder, 'storage'), '--runroot', join(folder, 'run')];
    const args = [...storage, command, ...words];
    // what it prints is in the error of one that failed
    const printed = execFileSync('buildah', args, { cwd: root, stdio: 'pipe', maxBuffer: 2 ** 26 });
    return String(printed).trim();
  }

  function makeBase(name: string): void {
    const container = buildah('from', 'scratch');
    const nodeFolder = fillBase(buildah('mount', container), name);
    const variables = [`NODE_EXTRA_CA_CERTS=${AUTHORITIES}`, `npm_config_nodedir=${nodeFolder}`];
    buildah('config', ...variables.flatMap((each) => ['--env', each]), container);
    buildah('commit', '--rm', container, `docker.io/library/${name}`);
  }

  function close(): void {
    for (const container of started) container.kill('SIGKILL');
    buildah('umount', '--all');
    buildah('rm', '--all');
    rmSync(folder, { recursive: true });
  }

  try {
    makeBase(baseImage());
    const kind = ['--format=docker', '--pull=never', '--isolation=chroot'];
    buildah('build', ...kind, ...limitsOfThisMachine(), ...packageCache(), `--tag=${TAG}`, '.');
    const place = buildah('mount', buildah('from', '--pull=never', TAG));
    const inspected = JSON.parse(buildah('inspect', '--type=image', TAG));
    const config: ImageConfig = inspected.Docker.config;

    /** Starts a command as `docker run --read-only --cap-drop ALL --network host` does. */
    function start(command: readonly string[], options: ContainerOptions = {}): ChildProcess {
      const script = containerScript(place, config, command, options);
      const args = ['--mount', 'sh', '-ec', script];
      const container = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'inherit'] });
      started.push(container);
      return container;
    }
    return { config, root: place, start, close };
  } catch (error) {
    close();
    throw error;
  }
}

/** The image that all stages stand on. */
function baseImage(): string {
  const named = readFileSync(`${root}Dockerfile`, 'utf8').matchAll(/^FROM (\S+)/gm);
  const [name = '', ...others] = new Set([...named].map(([, each]) => each));
  if (!/^node:\d+-slim$/.test(name) || others.length > 0) {
    throw new Error(
      `expected one image like node:22-slim in the Dockerfile, got ${name} ${others}`,
    );
  }
  return name;
}

/** @returns the folder of Node in the image, with the headers that a compiler needs */
function fillBase(base: string, name: string): string {
  const node = `node-linux-${process.arch}`;
  const prefix = '/usr/local';
  const run = (command: string, ...words: string[]) =>
    execFileSync(command, words, { stdio: 'pipe', maxBuffer: 2 ** 26 });
  run('debootstrap', '--variant=minbase', '--include=ca-certificates', DEBIAN, base);
  // as this machine reaches its registries
  cpSync('/etc/apt/apt.conf.d', `${base}/etc/apt/apt.conf.d`, { recursive: true });
  cpSync(AUTHORITIES, base + AUTHORITIES);
  const version = /\d+/.exec(name)?.[0];
  run('npm', 'install', '--global', '--prefix', base + prefix, `${node}@${version}`, 'npm@10');
  run('chroot', base, 'useradd', '--uid=1000', '--create-home', 'node');
  return `${prefix}/lib/node_modules/${node}`;
}

/** Buildah would raise them, which not every machine lets root do. */
function limitsOfThisMachine(): string[] {
  const words = ['--noheadings', '--output=RESOURCE,HARD', '--nofile', '--nproc'];
  const rows = execFileSync('prlimit', words, { encoding: 'utf8' }).trim().split('\n');
  return rows.map((row) => {
    const [name = '', most = ''] = row.split(/\s+/);
    return `--ulimit=${name.toLowerCase()}=${most}:${most}`;
  });
}

/** A build takes from npm's cache what this machine has. */
function packageCache(): string[] {
  const cache = execFileSync('npm', ['config', 'get', 'cache'], { encoding: 'utf8' }).trim();
  mkdirSync(cache, { recursive: true });
  return ['--volume', `${cache}:/root/.npm`];
}

/** Runs in mounts of its own, where the image's root becomes one that nobody writes to. */
function containerScript(
  place: string,
  config: ImageConfig,
  command: readonly string[],
  { env = {}, readable = {}, writable = {}, user = config.User }: ContainerOptions,
): string {
  const bind = (from: string, to: string) =>
    `mkdir -p ${quote(place + to)}; mount --bind ${quote(from)} ${quote(place + to)}`;
  const [uid, gid] = user.split(':');
  const rights = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', '--no-new-privs'];
  const noRights = ['--inh-caps=-all', '--bounding-set=-all'];
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const environment = ['env', '--ignore-environment', ...config.Env, ...variables];
  // as Docker does it: who has no right may be in a folder that it could not enter
  const enter = ['env', `--chdir=${config.WorkingDir}`];
  const words = [...enter, 'setpriv', ...rights, ...noRights, ...environment, ...command];
  return [
    bind(place, '/'),
    `mount -t proc proc ${quote(`${place}/proc`)}`,
    ...Object.entries({ ...writable, ...readable }).map(([to, from]) => bind(from, to)),
    ...['/', ...Object.keys(readable)].map((to) => `mount -o remount,bind,ro ${quote(place + to)}`),
    `exec chroot ${quote(place)} ${words.map(quote).join(' ')}`,
  ].join('\n');
}

function quote(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
