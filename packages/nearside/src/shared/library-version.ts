/** This package's version, as in its package.json (a test compares them). */
export const LIBRARY_VERSION = '0.1.0';
