import { CONTENDERS } from '../contenders/all.ts';
import type { Contender } from '../contenders/contender.ts';
import type { DroppedFile } from '../models/dropped.ts';
import { OFFERED } from '../models/offered.ts';
import { counted } from '../results/words.ts';
import { element, part } from './element.ts';

export const FILE = 'file';

const BATCHES = [1, 4, 16, 64];

export interface Setup {
  /** Of an offered model, or `file`. */
  readonly model: string;
  readonly contenders: readonly Contender[];
  readonly threads: number;
  readonly batches: readonly number[];
  /** Lengths of a file's free axes, by name. */
  readonly pins: Readonly<Record<string, number>>;
}

/**
 * Fills the form.
 *
 * @param wanted of the address: `model`, and `rows` with commas between them; by default the first and all
 */
export function showSetup(threadsByDefault: number, wanted: URLSearchParams): void {
  const chosen = OFFERED.find(({ id }) => id === wanted.get('model')) ?? OFFERED[0];
  const wantedRows = wanted.get('rows')?.split(',');
  const models = OFFERED.map(({ id, title, note }) =>
    choice('radio', 'model', { id, title, note, isOn: id === chosen?.id }),
  );
  part('models').replaceChildren(...models);
  const rows = CONTENDERS.map(({ id, title, place, isPeer }) => ({
    isPeer,
    label: choice('checkbox', 'row', {
      id,
      title: title.replace('Nearside ', ''),
      note: isPeer ? place : '',
      isOn: wantedRows?.includes(id) ?? true,
    }),
  }));
  part('own-rows').replaceChildren(
    ...rows.filter(({ isPeer }) => !isPeer).map(({ label }) => label),
  );
  part('peer-rows').replaceChildren(
    ...rows.filter(({ isPeer }) => isPeer).map(({ label }) => label),
  );
  const threads = Array.from({ length: Math.max(1, navigator.hardwareConcurrency ?? 1) }, (_, i) =>
    String(i + 1),
  );
  part('threads').replaceChildren(
    ...threads.map((count) =>
      element('option', { value: count, selected: count === String(threadsByDefault) }, [count]),
    ),
  );
  const batches = BATCHES.map((batch) =>
    choice('checkbox', 'batch', {
      id: String(batch),
      title: String(batch),
      note: '',
      isOn: true,
    }),
  );
  part('batches').replaceChildren(...batches);
}

interface Choice {
  readonly id: string;
  readonly title: string;
  readonly note: string;
  readonly isOn: boolean;
}

function choice(
  type: 'radio' | 'checkbox',
  name: string,
  { id, title, note, isOn }: Choice,
): HTMLLabelElement {
  const input = element('input', { type, name, value: id, checked: isOn });
  const notes = note ? [element('span', { class: 'choice-note' }, [note])] : [];
  return element('label', { class: 'choice' }, [input, element('span', {}, [title, ...notes])]);
}

export function readSetup(): Setup {
  const form = new FormData(part<HTMLFormElement>('form'));
  const rows = form.getAll('row');
  const pins = [...form.entries()]
    .filter(([name]) => name.startsWith('axis '))
    .map(([name, value]) => [name.slice('axis '.length), Number(value)]);
  return {
    model: String(form.get('model')),
    contenders: CONTENDERS.filter(({ id }) => rows.includes(id)),
    threads: Number(part<HTMLSelectElement>('threads').value),
    batches: form.getAll('batch').map(Number),
    pins: Object.fromEntries(pins),
  };
}

/** A file that was looked at becomes a model to choose, chosen, with its free axes. */
export function showFile({ file, freeAxes }: DroppedFile): void {
  part('models').querySelector(`label:has([value=${FILE}])`)?.remove();
  const note = `${(file.size / 1e6).toFixed(1)} MB, a file of yours`;
  part('models').append(choice('radio', 'model', { id: FILE, title: file.name, note, isOn: true }));
  const fields = freeAxes.map((axis) =>
    element('label', { class: 'field' }, [
      `Length of ${axis}`,
      element('input', { type: 'number', min: '1', name: `axis ${axis}`, inputmode: 'numeric' }),
    ]),
  );
  part('axes').replaceChildren(...fields);
  part('axes').hidden = fields.length === 0;
  if (fields.length > 0) part<HTMLDetailsElement>('setup').open = true;
}

export function showSetupSummary({ model, contenders, threads }: Setup): void {
  const title = OFFERED.find(({ id }) => id === model)?.title ?? 'your file';
  part('setup-summary').textContent =
    `${title} · ${counted(contenders.length, 'row')} · ${counted(threads, 'thread')}`;
}
