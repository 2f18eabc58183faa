import { parse } from '@nearside/core';
import * as v from 'valibot';

const Price = v.pipe(v.number(), v.finite(), v.minValue(0));

const PricesSchema = v.strictObject({
  /** ISO 4217: `EUR`. */
  currency: v.pipe(v.string(), v.regex(/^[A-Z]{3}$/, 'three capital letters, such as EUR')),
  /** Cost of a million such inferences on a server. */
  serverPerMillionInferences: Price,
  /** Cost of a gigabyte (10^9 bytes) from the CDN. */
  cdnPerGigabyte: Price,
  /** Cost of this collector: its machine and its disk. */
  collectorPerMonth: v.optional(Price, 0),
});

export type Prices = v.InferOutput<typeof PricesSchema>;

/**
 * Reads prices.json.
 *
 * @throws NearsideError `metadata-malformed`, naming the field
 */
export function parsePrices(document: unknown): Prices {
  return parse(PricesSchema, document, { code: 'metadata-malformed', what: 'prices.json' });
}
