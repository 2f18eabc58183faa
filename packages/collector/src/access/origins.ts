import { StartError } from '../refusals/start-error.js';

/**
 * Reads the origins whose pages may send reports.
 *
 * @returns undefined where all origins may
 * @throws StartError `option-invalid`
 */
export function parseOrigins(origins: readonly string[]): ReadonlySet<string> | undefined {
  for (const origin of origins) requireOrigin(origin);
  return origins.length === 0 ? undefined : new Set(origins);
}

function requireOrigin(text: string): void {
  // a sandboxed frame, or a page from a file, says `null`
  if (text === 'null' || (URL.canParse(text) && new URL(text).origin === text)) return;
  const meant = URL.canParse(text) ? new URL(text).origin : 'null';
  const advice = meant === 'null' ? '' : ` Did you mean ${meant}?`;
  throw new StartError(
    'option-invalid',
    `origin: expected one such as https://app.example, without a path, got '${text}'.${advice}`,
  );
}
