/**
 * What a tool says of what it was shown: whether it takes it, and if not, why.
 *
 * @typedef {{ accepted: boolean, reason: string }} Verdict
 */

/** @returns {Promise<Verdict>} rejection with the name that `nameOf` gives to the error */
export async function verdictOf(judge, nameOf) {
  try {
    await judge();
    return { accepted: true, reason: '' };
  } catch (error) {
    return { accepted: false, reason: nameOf(error) };
  }
}
