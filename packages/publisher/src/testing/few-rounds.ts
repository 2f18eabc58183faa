import { keyDerivation } from '../keys/private-key-pem.js';

/** Set for unit tests, which encrypt and decrypt dozens of keys. 600,000 rounds take a quarter of a second each. */
keyDerivation.iterations = 1000;
