/** Text that can name a model is one URL path segment. A first visit needs this, and no schema, so it stands alone. */
export function isModelName(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/.test(text);
}
