import { element } from './element.js';

/**
 * A click copies the text, and the button says so.
 *
 * @param text nothing is copied where it is undefined
 * @param refused the words of the button where the browser allows no copying
 */
export function copyOnClick(
  button: HTMLElement,
  text: () => string | undefined,
  refused: string,
): void {
  button.addEventListener('click', () => {
    const given = text();
    if (given === undefined) return;
    void copyText(given).then((isCopied) => button.replaceChildren(isCopied ? 'Copied' : refused));
  });
}

/** A page on plain HTTP has no clipboard, and copies in the older way. @returns false where neither is allowed */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const field = element('textarea', { class: 'visually-hidden', 'aria-hidden': 'true' });
    field.value = text;
    document.body.append(field);
    field.select();
    const isCopied = document.execCommand('copy');
    field.remove();
    return isCopied;
  }
}
