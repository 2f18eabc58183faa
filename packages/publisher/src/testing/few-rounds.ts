import { keyDerivation } from '../keys/private-key-pem.js';

/** Before the unit tests, which encrypt and decrypt dozens of keys: 600,000 rounds take a quarter of a second each. */
keyDerivation.iterations = 1000;
