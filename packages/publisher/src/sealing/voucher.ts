/**
 * Requires either the pin of a repository, or the hash of a sealed model.
 *
 * @throws TypeError
 */
export function requireVoucher(
  caller: string,
  { trust, integrity }: { trust?: unknown; integrity?: unknown },
): void {
  if ((trust === undefined) !== (integrity === undefined)) return;
  throw new TypeError(
    `${caller}: expected \`trust\`, the pin of a repository, or \`integrity\`, the hash of a sealed ` +
      `model, got ${trust === undefined ? 'neither' : 'both'}.`,
  );
}
