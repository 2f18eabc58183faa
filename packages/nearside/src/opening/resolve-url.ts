/** In a page an address may be relative to it. */
export function resolveUrl(url: string): string {
  const base = globalThis.location?.href;
  return URL.canParse(url, base) ? new URL(url, base).href : url;
}
