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
  const expected = expectationOf(issue);
  const got = issue.received === 'undefined' ? 'nothing' : shortened(issue.received);
  throw new NearsideError(
    code,
    `${what}${path && `, ${shortened(path)}`}: expected ${expected}, got ${got}.`,
    { details: { what, path, expected, got } },
  );
}

/** Our own words where a schema has some; valibot's otherwise, which may be a type, a value or a check. */
function expectationOf({ message, expected, type }: v.BaseIssue<unknown>): string {
  const isOurs = !message.startsWith('Invalid ');
  return isOurs ? message : (expected ?? type.replaceAll('_', ' '));
}

/** What others sent may be long; a message is for reading. */
function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
