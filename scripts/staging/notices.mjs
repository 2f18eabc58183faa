export async function noticesFor(name) {
  return undefined;
}
