import { execFile, execFileSync, spawn } from 'node:child_process';
import { chownSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const exec = promisify(execFile);

/** Debian's `nobody`: PostgreSQL refuses to run as root, and the others need no more. */
const NOBODY = { uid: 65_534, gid: 65_534 };
const user = process.getuid?.() === 0 ? NOBODY : {};

/** The end of what a service wrote, characters. */
const LOG_TAIL = 4000;

/**
 * A server of another project that runs for a test, in a folder of its own. It ends with the process that started it,
 * however that ends, and its folder is removed.
 */
export class Service {
  /** @param {string} name of its folder, and in errors */
  constructor(name) {
    this.name = name;
    this.folder = mkdtempSync(join(tmpdir(), `nearside-${name}-`));
    if (user.uid !== undefined) chownSync(this.folder, user.uid, user.gid);
    /** @type {import('node:child_process').ChildProcess | undefined} */
    this.child = undefined;
    /** @type {string | undefined} */
    this.disk = undefined;
    this.log = '';
    this.removeNow = () => {
      this.child?.kill('SIGKILL');
      if (this.disk) execFileSync('umount', ['--lazy', this.disk]);
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
    };
    process.once('exit', this.removeNow);
  }

  /**
   * Makes a disk of its own in its folder, which can be full. It needs root.
   *
   * @param {number} megabytes
   * @returns {string} where it is
   */
  mountDisk(megabytes) {
    const disk = join(this.folder, 'disk');
    mkdirSync(disk);
    const mine = user.uid === undefined ? '' : `,uid=${user.uid},gid=${user.gid}`;
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m${mine}`, 'tmpfs', disk]);
    this.disk = disk;
    return disk;
  }

  /**
   * @param {string} command
   * @param {readonly string[]} args
   * @param {{ isReady: () => boolean | Promise<boolean>, withinMs?: number }} options
   */
  async spawn(command, args, { isReady, withinMs = 60_000 }) {
    // A signal when the parent is gone is all that is left where that was killed.
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...args], {
      cwd: this.folder,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...user,
    });
    this.child = child;
    this.ended = new Promise((resolve) => child.once('exit', resolve));
    for (const output of [child.stdout, child.stderr]) {
      output.on('data', (text) => {
        this.log = (this.log + text).slice(-LOG_TAIL);
      });
    }
    await until(
      () => {
        if (!this.isRunning) throw new Error(`${this.name} ended at once:\n${this.log}`);
        return isReady();
      },
      { withinMs, what: () => `${this.name} to be ready:\n${this.log}` },
    );
  }

  get isRunning() {
    return this.child?.exitCode === null && this.child.signalCode === null;
  }

  get pid() {
    return this.child?.pid;
  }

  /** Runs a program of the service, in its folder and as its user. */
  async exec(command, args, { env = {} } = {}) {
    const options = { cwd: this.folder, env: { ...process.env, ...env }, ...user };
    const { stdout } = await exec(command, args, { maxBuffer: 1e9, ...options });
    return stdout;
  }

  /** @param {NodeJS.Signals} [signal] */
  async end(signal = 'SIGKILL') {
    if (!this.isRunning) return;
    this.child?.kill(signal);
    await this.ended;
  }

  /** Ends it and removes its folder. Safe to call twice. */
  async close() {
    await this.end();
    this.removeNow();
    process.off('exit', this.removeNow);
  }
}

/**
 * Asks again until the answer is yes.
 *
 * @param {() => boolean | Promise<boolean>} condition
 * @param {{ withinMs?: number, everyMs?: number, what?: () => string }} [options] `what` was waited for, in an error
 */
export async function until(condition, { withinMs = 60_000, everyMs = 50, what } = {}) {
  const endMs = Date.now() + withinMs;
  while (!(await condition())) {
    if (Date.now() > endMs) {
      throw new Error(`Expected within ${withinMs} ms ${what?.() ?? condition}`);
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  }
}

/** @returns {Promise<number>} a port of 127.0.0.1 that nobody has now */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
