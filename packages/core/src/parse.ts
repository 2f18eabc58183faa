import * as v from 'valibot';
import { type ErrorCode, NearsideError } from './errors.js';
import { ownFields } from './own-fields.js';

/** Deeper than any of our schemas looks. What is nested deeper is passed on as it is. */
const DEEPEST = 32;

/**
 * Turns untrusted data into its type, once, at the door. Neither the data nor the result inherits anything, so a
 * missing field is never found on `Object.prototype`.
 *
 * @param what names the document in the message, for instance `model.json`
 * @throws NearsideError `code`, with the path, what was expected and what was got
 */
export function parse<const Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  { code, what }: { code: ErrorCode; what: string },
): v.InferOutput<Schema> {
  ownFallbacks(schema);
  const result = v.safeParse(schema, ownFields(value, DEEPEST), { abortEarly: true });
  if (result.success) return ownFields(result.output, DEEPEST);
  const [issue] = result.issues;
  const path = v.getDotPath(issue) ?? '';
  const expected = expectationOf(issue);
  const got = gotOf(issue);
  throw new NearsideError(
    code,
    `${what}${path && `, ${shortened(path)}`}: expected ${expected}, got ${got}.`,
    { details: { what, path, expected, got } },
  );
}

const owning = new WeakSet<object>();

/**
 * For a missing key valibot reads `fallback` of the schema. Ours have none, so each says so itself; without that, a
 * `fallback` on `Object.prototype` would be taken.
 */
function ownFallbacks(schema: object): void {
  if (owning.has(schema)) return;
  owning.add(schema);
  if (Object.hasOwn(schema, '~run'))
    Object.defineProperty(schema, 'fallback', { value: undefined });
  const { type, entries } = schema as { type?: unknown; entries?: object };
  // valibot hands this on with an issue, and has no other use for it here
  if (type === 'strict_object' && entries)
    Object.defineProperty(schema, 'requirement', { value: Object.keys(entries) });
  for (const part of Object.values(schema)) {
    if (typeof part === 'object' && part !== null) ownFallbacks(part);
  }
}

/** A strict object has none but its own fields. */
function isUnknownField({ type, expected }: v.BaseIssue<unknown>): boolean {
  return type === 'strict_object' && expected === 'never';
}

function gotOf(issue: v.BaseIssue<unknown>): string {
  if (isUnknownField(issue)) return 'an unknown field';
  return issue.received === 'undefined' ? 'nothing' : shortened(issue.received);
}

/** Our own words where a schema has some; valibot's otherwise, which may be a type, a value or a check. */
function expectationOf(issue: v.BaseIssue<unknown>): string {
  const { message, expected, type, requirement } = issue;
  if (isUnknownField(issue) && Array.isArray(requirement))
    return `one of ${requirement.join(', ')}`;
  const isOurs = !message.startsWith('Invalid ');
  return isOurs ? message : (expected ?? type.replaceAll('_', ' '));
}

/** Text from others may be long, and a message is for reading. */
function shortened(text: string): string {
  return text.length > 100 ? `${text.slice(0, 100)}…` : text;
}
