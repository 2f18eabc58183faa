import type { ClientConfig } from 'pg';
import { StartError } from '../refusals/start-error.js';

const ADDRESS =
  /^postgres(?:ql)?:\/\/(?:(?<user>[^/?#]*)@)?(?<hosts>[^@/?#]*)(?:\/(?<name>[^@/?#]*))?(?:\?(?<settings>[^@#]*))?$/;

/** The hosts of a database, of which one takes writes at a time. */
export class Hosts {
  /** For people: nothing of it is secret. */
  readonly where: string;
  readonly #configs: readonly ClientConfig[];
  #at = 0;

  /**
   * @param address `postgres://user:password@host:5432,other:5432/name?sslmode=verify-full`
   * @throws StartError `option-invalid`, whose words hold nothing of the address
   */
  constructor(address: string) {
    const { user, hosts, name = '', settings } = ADDRESS.exec(address)?.groups ?? {};
    if (hosts === undefined) throw invalid('an address of another form');
    const given = new URLSearchParams(settings);
    const wanted = given.get('target_session_attrs') ?? 'read-write';
    if (wanted !== 'read-write') throw invalid('another target_session_attrs than read-write');
    given.delete('target_session_attrs');
    this.where = `postgres://${hosts}/${name}`;
    this.#configs = hosts.split(',').map((host) => {
      // without a host the address is of a socket, or the settings name one
      const place = `${user === undefined ? '' : `${user}@`}${host}`;
      if (host !== '' && !URL.canParse(`postgres://${place}`)) throw invalid('no host and port');
      return { connectionString: `postgres://${place}/${name}?${given}` };
    });
  }

  get count(): number {
    return this.#configs.length;
  }

  /** The host that was last found to take writes, or is to be tried next. */
  get current(): ClientConfig {
    return this.#configs[this.#at] as ClientConfig;
  }

  /** From now on the next host is tried, unless somebody has left this one already. */
  leave(failed: ClientConfig): void {
    if (failed === this.current) this.#at = (this.#at + 1) % this.count;
  }
}

function invalid(got: string): StartError {
  return new StartError(
    'option-invalid',
    `expected postgres://user:password@host:5432/name, several hosts with commas between, got ${got}. Write @, / and other signs of a password as %40, %2F and so on.`,
  );
}
