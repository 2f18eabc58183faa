import { fetchFiles } from '../../options/later/fetch-files.js';
import { explainFetch } from '../../platform/later/explain-fetch.js';

/** @throws as `fetchFiles`; where an address was not answered, with the reason */
export async function fetchExplained(...given: Parameters<typeof fetchFiles>) {
  try {
    return await fetchFiles(...given);
  } catch (error) {
    throw (await explainFetch(error)) ?? error;
  }
}
