/**
 * What is to go may take this long to store what it has begun to store, ms. A store takes some milliseconds;
 * one that takes longer may never answer.
 */
export const LAST_STORING_MS = 1000;
