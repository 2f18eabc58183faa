import * as v from 'valibot';
import { type ErrorCode, NearsideError } from './errors.js';

/**
 * Turns untrusted data into its type, once, at the door.
 *
 * @param what names the document in the message, for instance `model.json`
 * @throws NearsideError `code`, with the path, what was expected and what was got
 */
export function parse<const Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  { code, what }: { code: ErrorCode; what: string },
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? '';
  // Checks such as `safe_integer` have a name instead of an expectation.
  const expected = issue.expected ?? issue.type.replaceAll('_', ' ');
  throw new NearsideError(
    code,
    `${what}${path && `, ${path}`}: expected ${expected}, got ${issue.received}.`,
    { details: { what, path, expected, got: issue.received } },
  );
}
