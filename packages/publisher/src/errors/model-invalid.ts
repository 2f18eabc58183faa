import { type ErrorDetails, NearsideError } from '@nearside/core';

/** The parts of a model directory contradict each other. */
export function modelInvalid(message: string, details: ErrorDetails): NearsideError {
  return new NearsideError('model-invalid', message, { details });
}

export function namesOf(entries: readonly { readonly name: string }[]): string[] {
  return entries.map(({ name }) => name);
}

/** @throws NearsideError `model-invalid` unless both hold the same names, each once */
export function requireSameNames(
  where: string,
  got: readonly string[],
  expected: readonly string[],
): void {
  const [a, b] = [[...got].sort().join(', '), [...expected].sort().join(', ')];
  if (a === b) return;
  throw modelInvalid(`${where}: expected exactly ${b}, got ${a || 'none'}.`, {
    where,
    expected: b,
    got: a,
  });
}

/** @throws NearsideError `model-invalid` when a name comes twice */
export function requireUnique(where: string, names: readonly string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw modelInvalid(`${where}: expected every name once, got '${twice}' twice.`, {
    where,
    name: twice,
  });
}
