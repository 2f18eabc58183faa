/**
 * Finds which tensors have to become half floats for a model to pass: the shortest beginning of a list that does. Each try
 * halves what is left of it, so that n tensors take log₂ n gates, and one more where nothing but all of them may pass.
 *
 * @param order those that alone change answers most come first
 * @param gate says whether the model passes with these tensors as half floats; without any it does not
 * @returns undefined if it does not pass with all of them
 */
export async function searchHalves(
  order: readonly string[],
  gate: (halfFloats: ReadonlySet<string>) => Promise<boolean>,
): Promise<readonly string[] | undefined> {
  let [tooFew, enough] = [0, order.length];
  while (enough - tooFew > 1) {
    const middle = (tooFew + enough) >> 1;
    if (await gate(new Set(order.slice(0, middle)))) enough = middle;
    else tooFew = middle;
  }
  const isTried = enough < order.length;
  return isTried || (await gate(new Set(order))) ? order.slice(0, enough) : undefined;
}
