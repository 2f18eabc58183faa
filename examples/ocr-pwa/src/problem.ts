import { isNearsideError } from 'nearside';

/** What to tell of a failure. */
export interface Problem {
  /** To look up in docs/errors.md, or of this app. */
  readonly code: string;
  readonly message: string;
  readonly whatToDo: string;
}

/** A failure of the app itself. */
export class AppProblem extends Error {
  constructor(
    readonly code: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

const CONNECT = 'Connect this device to the internet and try again.';
const NEWER_BROWSER = 'Open this page in a current Chrome, Edge, Firefox or Safari.';
const OTHER_PHOTO = 'Choose a photo as JPEG, PNG or WebP.';
const TELL_THE_SITE = 'Tell those who run this site; only they can mend it.';

const WHAT_TO_DO: Readonly<Record<string, string>> = {
  'network-failed': CONNECT,
  offline: CONNECT,
  'too-slow': 'Try again: what has arrived is kept, and only the rest is fetched.',
  'assets-unreachable': CONNECT,
  'crypto-unsupported': NEWER_BROWSER,
  'no-backend': NEWER_BROWSER,
  'insecure-context': 'Open this page by an address that begins with https.',
  'out-of-memory': 'Close other tabs and apps, and try again.',
  'decode-failed': OTHER_PHOTO,
  'input-invalid': OTHER_PHOTO,
  'input-too-large': 'Choose a smaller photo.',
  'worker-lost': 'Try again: it has started anew.',
  'camera-refused': 'Allow the camera for this site in the browser’s settings, or choose a photo.',
  'camera-missing': 'Choose a photo instead.',
  'camera-busy': 'Close other apps that use the camera, or choose a photo.',
  'config-broken': TELL_THE_SITE,
  'pin-mismatch': TELL_THE_SITE,
  'model-not-found': TELL_THE_SITE,
};

export function describeProblem(error: unknown): Problem {
  const isKnown = isNearsideError(error) || error instanceof AppProblem;
  const code = isKnown ? error.code : error instanceof Error ? error.name : 'unknown';
  const message = error instanceof Error ? error.message : String(error);
  return { code, message, whatToDo: WHAT_TO_DO[code] ?? 'Try again, or reload the page.' };
}
