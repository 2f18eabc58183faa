import { parse } from '@nearside/core';
import * as v from 'valibot';

const Price = v.pipe(v.number(), v.finite(), v.minValue(0));

const PricesSchema = v.strictObject({
  /** ISO 4217: `EUR`. */
  currency: v.pipe(v.string(), v.regex(/^[A-Z]{3}$/, 'three capital letters, such as EUR')),
  /** What a million of the same inferences costs on a server. */
  serverPerMillionInferences: Price,
  /** What a gigabyte (10^9 bytes) from the CDN costs. */
  cdnPerGigabyte: Price,
  /** What this collector costs: its machine and its disk. */
  collectorPerMonth: v.optional(Price, 0),
});

export type Prices = v.InferOutput<typeof PricesSchema>;

/**
 * What prices.json says.
 *
 * @throws NearsideError `metadata-malformed`, naming the field
 */
export function parsePrices(document: unknown): Prices {
  return parse(PricesSchema, document, { code: 'metadata-malformed', what: 'prices.json' });
}
