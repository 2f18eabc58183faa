import { StartError } from '../refusals/start-error.js';

/**
 * Reads the origins whose pages may send reports.
 *
 * @returns undefined where all origins may
 * @throws StartError `option-invalid`
 */
export function parseOrigins(origins: readonly string[]): ReadonlySet<string> | undefined {
  for (const origin of origins) {
    const meant = URL.canParse(origin) ? new URL(origin).origin : 'null';
    // a sandboxed frame, or a page from a file, says `null`
    if (origin === 'null' || origin === meant) continue;
    const advice = meant === 'null' ? '' : ` Did you mean ${meant}?`;
    throw new StartError(
      'option-invalid',
      `origin: expected one such as https://app.example, without a path, got '${origin}'.${advice}`,
    );
  }
  return origins.length === 0 ? undefined : new Set(origins);
}
