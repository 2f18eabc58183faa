/**
 * Every failure on a device that Nearside can name, grouped by who can act on it. Each code has an
 * anchor in `docs/errors.md`. Add a code rather than overload one. The publisher has codes of its own.
 */
export const ERROR_CODES = [
  // trust: the bytes are not what the pinned root vouches for
  'pin-mismatch',
  'signature-invalid',
  'threshold-not-met',
  'metadata-expired',
  'metadata-rollback',
  'metadata-mix',
  'metadata-too-large',
  'metadata-malformed',
  'model-key-unknown',
  'bundle-mismatch',
  'digest-mismatch',
  'size-mismatch',
  'name-unsafe',
  'version-revoked',
  // finding
  'model-not-found',
  'no-version',
  'version-unsupported',
  // network
  'network-failed',
  'offline',
  'too-slow',
  'redirect-refused',
  'download-limit',
  // store
  'quota-exceeded',
  'store-unavailable',
  // environment
  'insecure-context',
  'crypto-unsupported',
  'worker-blocked',
  'wasm-blocked',
  'assets-unreachable',
  'no-backend',
  'task-unknown',
  'task-mismatch',
  'microphone-refused',
  'microphone-unavailable',
  // backend
  'golden-mismatch',
  'version-slow',
  'backend-failed',
  'device-lost',
  'out-of-memory',
  'operator-unsupported',
  // request
  'input-invalid',
  'input-detached',
  'input-too-large',
  'decode-failed',
  'queue-full',
  'deadline',
  'terminated',
  'worker-lost',
  'page-lost',
  'state-lost',
  'task-failed',
  'closed',
  // model files
  'file-missing',
  'model-invalid',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Structured facts about a failure: plain JSON values, safe to log, never raw input. */
export type ErrorDetails = Readonly<Record<string, unknown>>;

const BRAND = 'nearside-error';

/**
 * The one error class. `message` says what was expected, what was got and what to do; `code` is
 * for programs; `details` holds the same facts as data; `retryable` means the same call may
 * succeed later without a change by the caller. A package that adds codes of its own names them in `Code`.
 */
export class NearsideError<Code extends string = ErrorCode> extends Error {
  override readonly name = 'NearsideError';
  readonly brand = BRAND;
  readonly code: Code;
  readonly details: ErrorDetails;
  readonly retryable: boolean;

  constructor(
    code: NoInfer<Code>,
    message: string,
    options: { cause?: unknown; details?: ErrorDetails; retryable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
    this.retryable = options.retryable ?? false;
  }
}

/** Recognises a {@link NearsideError} by brand: two copies of the package may be loaded. */
export function isNearsideError(value: unknown): value is NearsideError {
  return value instanceof Error && (value as Partial<NearsideError>).brand === BRAND;
}
