/** An element of the page by its id, as the kind that the page was written with. */
export function part<Kind extends Element = HTMLElement>(
  id: string,
  kind: abstract new () => Kind = HTMLElement as never,
): Kind {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new TypeError(`Expected #${id} to be a ${kind.name}, got ${element?.tagName ?? 'nothing'}`);
}
