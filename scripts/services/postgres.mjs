import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, Service, until } from './service.mjs';

const BIN = '/usr/lib/postgresql/17/bin';

/** A process that is killed loses nothing that it gave to the kernel: no test needs the disk itself. */
const OF_TESTS = { fsync: 'off' };

const USER = 'nearside';

/**
 * A PostgreSQL 17 of its own on 127.0.0.1, with a password.
 *
 *     const postgres = await startPostgres();
 *     const address = await postgres.createDatabase(); // postgres://nearside:…@127.0.0.1:…/test_1
 *     await postgres.close();
 *
 * @param {{ settings?: Record<string, string | number>, diskMb?: number }} [options] settings of postgresql.conf, where nothing is
 *   synced unless `fsync` is on; a disk of its own, MB, which needs root
 */
export async function startPostgres({ settings = {}, diskMb } = {}) {
  const password = randomBytes(16).toString('hex');
  const postgres = new Postgres({ port: await freePort(), password, settings, diskMb });
  await postgres.initialise();
  await postgres.start();
  return postgres;
}

/**
 * An address with several hosts, of which one writes: a primary and its standby, in any order.
 *
 * @param {readonly Postgres[]} servers
 * @param {string} address of a database of one of them
 */
export function addressOfAll(servers, address) {
  const hosts = servers.map(({ host }) => host).join(',');
  return address.replace(/@[^/]+/, `@${hosts}`);
}

class Postgres {
  #service;
  #password;
  #settings;
  #databases = 0;

  constructor({ port, password, settings, diskMb }) {
    this.port = port;
    this.host = `127.0.0.1:${port}`;
    this.#password = password;
    this.#settings = { ...OF_TESTS, ...settings };
    this.#service = new Service('postgres');
    const place = diskMb ? this.#service.mountDisk(diskMb) : this.#service.folder;
    this.data = join(place, 'data');
  }

  async initialise() {
    const passwordFile = join(this.#service.folder, 'password');
    await writeFile(passwordFile, this.#password, { mode: 0o644 });
    await this.#service.exec(`${BIN}/initdb`, [
      ...['--pgdata', this.data, '--username', USER, '--pwfile', passwordFile],
      ...['--auth', 'scram-sha-256', '--encoding', 'UTF8', '--locale', 'C.UTF-8', '--no-sync'],
    ]);
  }

  /** Starts it on its port: for the first time, or after `stop` or `kill`. */
  async start() {
    const settings = {
      ...{ port: this.port, listen_addresses: '127.0.0.1', unix_socket_directories: '' },
      ...this.#settings,
    };
    const options = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    await this.#service.spawn(`${BIN}/postgres`, ['-D', this.data, ...options], {
      isReady: () => this.#isReady(),
    });
  }

  get pid() {
    return this.#service.pid;
  }

  get isRunning() {
    return this.#service.isRunning;
  }

  /** @returns {string} the address of a database, with its password */
  address(database = 'postgres') {
    return `postgres://${USER}:${this.#password}@${this.host}/${database}`;
  }

  /** @returns {Promise<string>} the address of a new, empty database */
  async createDatabase() {
    this.#databases += 1;
    const name = `test_${this.#databases}`;
    await this.query(`CREATE DATABASE ${name}`);
    return this.address(name);
  }

  /**
   * @param {string} sql
   * @param {string} [address] of one of its databases
   * @returns {Promise<string[][]>} rows of columns, as psql writes them
   */
  async query(sql, address = this.address()) {
    const format = [
      '--no-psqlrc',
      '--quiet',
      '--no-align',
      '--tuples-only',
      '--field-separator=\t',
    ];
    const args = [address, ...format, '--set=ON_ERROR_STOP=1', '--command', sql];
    const text = await this.#service.exec(`${BIN}/psql`, args);
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => line.split('\t'));
  }

  /**
   * Starts another one that has all that this one has. From now on a commit here waits until it is there too.
   *
   * @returns {Promise<Postgres>}
   */
  async startStandby() {
    const password = this.#password;
    const standby = new Postgres({ port: await freePort(), password, settings: this.#settings });
    await standby.#service.exec(`${BIN}/pg_basebackup`, [
      ...['--dbname', this.address(), '--pgdata', standby.data],
      ...['--write-recovery-conf', '--checkpoint=fast', '--wal-method=stream', '--no-sync'],
    ]);
    await standby.start();
    await this.query("ALTER SYSTEM SET synchronous_standby_names = '*'");
    await this.query('SELECT pg_reload_conf()');
    await until(() => this.#hasStandby(), { what: () => 'a synchronous standby' });
    return standby;
  }

  /** From now on it is a primary, which waits for no other. */
  async promote() {
    await this.query('SELECT pg_promote()');
  }

  /** Ends it in order: connections are closed. */
  async stop() {
    await this.#service.end('SIGINT');
  }

  /** Kills all of its processes at once, as a machine that fails does. */
  async kill() {
    const pids = this.#processes();
    for (const pid of pids) signal(pid, 'SIGKILL');
    await this.#service.end();
    await until(() => !pids.some((pid) => existsSync(`/proc/${pid}/exe`)));
  }

  /** It keeps its connections and answers nothing, as behind a network that is cut. */
  freeze() {
    for (const pid of this.#processes()) signal(pid, 'SIGSTOP');
  }

  thaw() {
    for (const pid of this.#processes()) signal(pid, 'SIGCONT');
  }

  /** Ends it and removes its folder. */
  async close() {
    await this.kill();
    await this.#service.close();
  }

  #processes() {
    const { pid } = this.#service;
    if (!this.#service.isRunning) return [];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return [pid, ...children.trim().split(' ').filter(Boolean).map(Number)];
  }

  /** Its pid and, in the last line, its state. The file of one that was killed stays. */
  #isReady() {
    const file = join(this.data, 'postmaster.pid');
    const lines = existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n') : [];
    return lines[0] === String(this.pid) && lines.at(-1)?.trim() === 'ready';
  }

  async #hasStandby() {
    const [row] = await this.query('SELECT sync_state FROM pg_stat_replication');
    return row?.[0] === 'sync';
  }
}

/** One of them may have ended by itself. */
function signal(pid, name) {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (error.code !== 'ESRCH') throw error;
  }
}
