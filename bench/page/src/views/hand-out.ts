import { part } from './element.ts';

/** Puts a text on the clipboard, or shows it where the browser lets no page do so. @param what it is, in a word */
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
    part('share-said').textContent = `${what} copied.`;
  } catch {
    part('share-said').textContent =
      'This browser lets no page copy: select the text here instead. ';
    part('share-said').append(
      Object.assign(document.createElement('textarea'), { value: text, readOnly: true }),
    );
  }
}

export function saveJson(value: object, name: string): void {
  const json = JSON.stringify(value, undefined, 2);
  const url = URL.createObjectURL(new Blob([json], { type: 'application/json' }));
  Object.assign(document.createElement('a'), { href: url, download: name }).click();
  URL.revokeObjectURL(url);
}

/** The same file may be chosen again. */
export function onFile(input: HTMLInputElement, take: (file: File) => Promise<void>): void {
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    input.value = '';
    if (file) void take(file);
  });
}
