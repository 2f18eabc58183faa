import { element } from '../element.js';
import type { Table } from '../table/table.js';

/** A panel that has nothing to show, and why. */
export interface Folded {
  readonly title: string;
  readonly table: Pick<Table, 'none' | 'filledBy'>;
}

/** Makes one line of all panels that have nothing to show. Opened, it says why for each. */
export function createFolded(): {
  readonly element: HTMLElement;
  show(folded: readonly Folded[]): void;
} {
  const line = element('summary');
  const reasons = element('dl');
  const card = element(
    'details',
    { class: 'card wide folded', id: 'folded', hidden: '' },
    line,
    reasons,
  );
  return {
    element: card,
    show(folded) {
      card.hidden = folded.length === 0;
      line.textContent = foldedLine(folded);
      reasons.replaceChildren(
        ...folded.flatMap(({ title, table }) => [
          element('dt', {}, title),
          element('dd', {}, table.none),
        ]),
      );
    },
  };
}

/** "Nothing to show in this time: Errors, Confusion (labels by model.feedback)." */
export function foldedLine(folded: readonly Folded[]): string {
  const names = folded.map(({ title, table: { filledBy } }) =>
    filledBy ? `${title} (${filledBy})` : title,
  );
  return `Nothing to show in this time: ${names.join(', ')}.`;
}
