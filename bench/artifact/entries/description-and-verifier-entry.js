export * from './description-entry.js';
export * from './verifier-entry.js';
