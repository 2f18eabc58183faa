import type { TextLine } from 'nearside';
import { part } from './part.js';

/** Below it a line is marked as one to look at again. Of 0 to 1. */
const SURE_FROM = 0.8;

/**
 * The lines that were read, as a group of radio buttons: arrow keys go from one to the next. The text of the chosen one
 * is selected.
 */
export function createLinesView(onChoose: (index: number) => void) {
  const list = part('lines');
  let lines: readonly TextLine[] = [];

  function show(found: readonly TextLine[]): void {
    lines = found;
    const count = `${lines.length} line${lines.length === 1 ? '' : 's'}`;
    part('summary').textContent = lines.length === 0 ? 'No text found' : count;
    part('nothing').hidden = lines.length > 0;
    part('copy').hidden = lines.length === 0;
    part('copy-line').hidden = true;
    list.replaceChildren(...lines.map((line, i) => itemOf(line, () => onChoose(i))));
    part('result').hidden = false;
  }

  function hide(): void {
    part('result').hidden = true;
  }

  function choose(index: number): void {
    const item = list.children[index];
    const radio = item?.querySelector('input');
    const text = item?.querySelector('.line-text');
    if (!item || !radio || !text) return;
    radio.checked = true;
    radio.focus({ preventScroll: true });
    item.scrollIntoView({ block: 'nearest' });
    getSelection()?.selectAllChildren(text);
    part('copy-line').hidden = false;
  }

  function chosen(): number {
    return [...list.querySelectorAll('input')].findIndex(({ checked }) => checked);
  }

  for (const id of ['copy', 'copy-line']) {
    part(id).addEventListener('click', () => {
      const wanted = id === 'copy' ? lines : lines.slice(chosen(), chosen() + 1);
      void copy(part(id), wanted.map(({ text }) => text).join('\n'));
    });
  }
  return { show, hide, choose };
}

function itemOf({ text, score }: TextLine, onChoose: () => void): HTMLElement {
  const radio = Object.assign(document.createElement('input'), { type: 'radio', name: 'line' });
  radio.className = 'visually-hidden';
  radio.addEventListener('change', onChoose);
  const says = Object.assign(document.createElement('span'), { className: 'line-text' });
  says.textContent = text;
  const label = document.createElement('label');
  label.append(radio, says);
  if (score < SURE_FROM) {
    const note = Object.assign(document.createElement('span'), { className: 'line-note' });
    note.textContent = 'not sure';
    label.append(note);
  }
  const item = document.createElement('li');
  item.append(label);
  return item;
}

/** The button says for a moment what came of it, and those who listen hear it. */
async function copy(button: HTMLElement, text: string): Promise<void> {
  const words = button.dataset.words ?? button.textContent;
  button.dataset.words = words;
  const isCopied = await navigator.clipboard.writeText(text).then(
    () => true,
    () => false,
  );
  button.textContent = isCopied ? 'Copied' : 'Not allowed';
  button.dataset.done = String(isCopied);
  part('spoken').textContent = isCopied ? 'Copied' : 'The browser did not allow copying.';
  setTimeout(() => {
    button.textContent = words;
    delete button.dataset.done;
    part('spoken').textContent = '';
  }, 2_000);
}
