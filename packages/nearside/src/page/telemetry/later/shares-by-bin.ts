/** [n, so many of them], by bin of the confidence. */
export type SharesByBin = [number, number][];

export function addToBin(bins: SharesByBin, place: number, isOneOfThem: boolean): void {
  while (bins.length <= place) bins.push([0, 0]);
  const bin = bins[place] as [number, number];
  bin[0] += 1;
  if (isOneOfThem) bin[1] += 1;
}
