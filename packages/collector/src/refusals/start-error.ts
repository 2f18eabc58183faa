/** Each code is a reason why a collector does not start. */
export type StartErrorCode =
  /** An option or a variable of the environment has a value that cannot be. */
  | 'option-invalid'
  /** A token is too short, or an address cannot hold it. */
  | 'token-unfit'
  /** Nobody could read the figures: there is no read token, and `local` is not given or not possible. */
  | 'read-token-missing'
  /** A file was named and cannot be read. */
  | 'file-missing'
  /** A file was read and has a wrong value. */
  | 'file-invalid'
  /** The SQLite file was moved to a database, where its collectors are to write now. */
  | 'file-moved'
  | 'port-busy';

/** Keeps a collector from starting. The message says what was expected, what was got and what to do. */
export class StartError extends Error {
  override readonly name = 'StartError';
  readonly code: StartErrorCode;

  constructor(code: StartErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
  }
}
