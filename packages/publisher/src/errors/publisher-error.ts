import { NearsideError } from '@nearside/core';

/** Only the publisher's commands fail with these codes. Each has an anchor in `docs/errors.md`. */
export const PUBLISHER_ERROR_CODES = [
  'schema-breaking',
  'key-locked',
  'gate-refused',
  'golden-missing',
  'output-exists',
  'version-conflict',
  'canary-out',
  'clock-behind',
  'repository-locked',
  'key-unusable',
  'log-unusable',
  'read-token-missing',
  'fleet-malformed',
] as const;

export type PublisherErrorCode = (typeof PUBLISHER_ERROR_CODES)[number];

/** A failure that no device can have. Other failures of a command are plain NearsideErrors. */
export class PublisherError extends NearsideError<PublisherErrorCode> {}
