import { Hosts } from './hosts.js';
import { type Driver, Session } from './session.js';

export interface ConnectionsOptions {
  /** So many at a time. Others wait. */
  readonly most: number;
  readonly answerMs: number;
  readonly Driver?: Driver | undefined;
}

/** Sessions with whichever host of an address takes writes. */
export class Connections {
  readonly #hosts: Hosts;
  readonly #options: ConnectionsOptions;
  readonly #waiting: (() => void)[] = [];
  #idle: Session[] = [];
  #used = 0;
  #isClosed = false;

  constructor(address: string, options: ConnectionsOptions) {
    this.#hosts = new Hosts(address);
    this.#options = options;
  }

  /** Opens a session that the caller closes. It tries each host once. */
  async open(): Promise<Session> {
    const hosts = this.#hosts;
    let failure: unknown;
    for (let tried = 0; tried < hosts.count; tried += 1) {
      if (this.#isClosed) throw new Error('the store is closed');
      const host = hosts.current;
      try {
        return await Session.open(host, this.#options);
      } catch (error) {
        failure = error;
        hosts.leave(host);
      }
    }
    throw failure;
  }

  /** Lends a session. */
  async use<Value>(work: (session: Session) => Promise<Value>): Promise<Value> {
    if (this.#used >= this.#options.most) {
      await new Promise<void>((turn) => this.#waiting.push(turn));
    } else {
      this.#used += 1;
    }
    let session: Session | undefined;
    try {
      session = this.#takeIdle() ?? (await this.open());
      return await work(session);
    } finally {
      if (session) this.#giveBack(session);
      const next = this.#waiting.shift();
      if (next) next();
      else this.#used -= 1;
    }
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#closeIdle();
  }

  #takeIdle(): Session | undefined {
    this.#idle = this.#idle.filter(({ isOpen }) => isOpen);
    return this.#idle.pop();
  }

  /** The others go where one has failed the same way, and each would be waited for. */
  #giveBack(session: Session): void {
    if (session.isOpen && !this.#isClosed) this.#idle.push(session);
    else void this.#closeIdle().then(() => session.close());
  }

  async #closeIdle(): Promise<void> {
    const idle = this.#idle;
    this.#idle = [];
    await Promise.all(idle.map((session) => session.close()));
  }
}
