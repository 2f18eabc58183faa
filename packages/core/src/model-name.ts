/** Whether a text can name a model: one URL path segment of lower-case letters, digits and dashes. */
export function isModelName(text: string): boolean {
  return /^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/.test(text);
}
