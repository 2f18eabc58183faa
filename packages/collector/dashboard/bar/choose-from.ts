import { element } from '../element.js';

/** Fills a list. An open list stays when nothing has changed. */
export function chooseFrom(
  select: HTMLSelectElement,
  options: readonly (readonly [value: string, label: string])[],
  chosen: string,
): void {
  const unchanged =
    select.options.length === options.length &&
    options.every(([value], i) => select.options[i]?.value === value);
  if (!unchanged) {
    select.replaceChildren(...options.map(([value, label]) => element('option', { value }, label)));
  }
  select.value = chosen;
}
