/** One URL path segment can name a model. A first visit needs this check and no schema, so it stands alone. */
export function isModelName(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/.test(text);
}
