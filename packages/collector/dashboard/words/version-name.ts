/** What is reported before a version is known has none. */
export function versionName(version: string): string {
  return version === '' ? 'none yet' : version;
}
