import { byId, element } from './element.js';
import type { Fleet } from './fetch-fleet.js';
import { type PageState, RANGES } from './page-state.js';

/** Model, version and time range; `choose` is told what was changed. */
export function createControls(choose: (change: Partial<PageState>) => void): {
  show(fleet: Fleet, state: PageState): void;
} {
  const model = byId<HTMLSelectElement>('model');
  const version = byId<HTMLSelectElement>('version');
  model.addEventListener('change', () => choose({ model: model.value, version: '' }));
  version.addEventListener('change', () => choose({ version: version.value }));
  const radios = RANGES.map((range) => {
    const radio = element('input', { type: 'radio', name: 'range', value: range.key });
    radio.addEventListener('change', () => choose({ range }));
    byId('ranges').append(element('label', {}, radio, element('span', {}, range.label)));
    return radio;
  });
  byId('controls').addEventListener('submit', (event) => event.preventDefault());

  return {
    show({ models, latency }, state) {
      byId('controls').hidden = models.length === 0;
      const names = models.map((summary) => [summary.model, summary.model] as const);
      fill(model, names, latency?.model ?? '');
      const versions = (latency?.versions ?? [])
        .filter((one) => one.version !== '')
        .map((one) => [one.version, one.version] as const);
      fill(version, [['', 'All versions'], ...versions], state.version);
      for (const radio of radios) radio.checked = radio.value === state.range.key;
    },
  };
}

/** Leaves an open list alone when nothing changed. */
function fill(
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
