/** Why a collector does not start. */
export type StartErrorCode =
  /** An option, or a variable of the environment, that cannot be. */
  | 'option-invalid'
  /** A token that is too short, or that an address cannot hold. */
  | 'token-unfit'
  /** A collector that other machines can reach shows its figures to nobody without one. */
  | 'read-token-missing'
  /** A file that was named and cannot be read. */
  | 'file-missing'
  /** A file that was read, and does not say what it should. */
  | 'file-invalid'
  | 'port-busy';

/** What keeps a collector from starting: what was expected, what was got, what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
