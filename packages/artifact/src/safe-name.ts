import { FileNameSchema, NearsideError } from '@nearside/core';
import * as v from 'valibot';

/**
 * A name that others chose must stay inside the directory it is used in: no `..`, no absolute path,
 * no backslash, no empty part.
 *
 * @throws NearsideError `name-unsafe`
 */
export function requireSafeName(name: string, what: string): void {
  if (v.safeParse(FileNameSchema, name).success) return;
  throw new NearsideError(
    'name-unsafe',
    `${what}: expected safe relative names such as 'int8/model.onnx', got '${name.slice(0, 200)}'.`,
    { details: { what, name: name.slice(0, 200) } },
  );
}
