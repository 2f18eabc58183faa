/**
 * What is other than usual in one window of one device: factors and shares, all 1 or 0 where nothing is.
 *
 * @typedef {{ failing: number, slower: number, lessSure: number, right: number, buys: number, dies: boolean }} Trouble
 */
export const NO_TROUBLE = { failing: 1, slower: 1, lessSure: 0, right: 1, buys: 1, dies: false };
