import { isNearsideError, parse } from '@nearside/core';
import type * as v from 'valibot';
import type { Refusal } from './refusal.js';

/** A part of a request as its type, or a refusal. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly refusal: Refusal };

/** @param what names the content in the message: `one report` */
export function readJson(body: Uint8Array, what: string): Parsed<unknown> {
  try {
    return { ok: true, value: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body)) };
  } catch (error) {
    const reason =
      body.byteLength === 0 ? 'empty' : error instanceof TypeError ? 'not UTF-8' : 'not JSON';
    const message = `Expected ${what} as JSON in the body, got a body that is ${reason}.`;
    return { ok: false, refusal: { code: 'not-json', message } };
  }
}

/** The refusal has the path, what was expected there and what was got. */
export function parseRequest<const Schema extends v.GenericSchema>(
  schema: Schema,
  given: unknown,
  what: 'query' | 'report' | 'traces',
): Parsed<v.InferOutput<Schema>> {
  try {
    return { ok: true, value: parse(schema, given, { code: 'input-invalid', what }) };
  } catch (error) {
    if (!isNearsideError(error)) throw error;
    const { path, expected, got } = error.details;
    const details = { path, expected, got };
    return { ok: false, refusal: { code: `${what}-invalid`, message: error.message, details } };
  }
}
