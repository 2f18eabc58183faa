import type { AvailableBackend } from 'nearside';

const BACKENDS: readonly AvailableBackend[] = ['onnx-wasm', 'tfjs-wasm'];

/** `?backend=…` of the address. A name that does not exist is for `open` to refuse. */
export function chosenBackend(): AvailableBackend | undefined {
  const name = new URLSearchParams(location.search).get('backend');
  return name ? (name as AvailableBackend) : undefined;
}

/** A choice opens the page again with it, so that the address always says what runs. */
export function offerBackends(select: HTMLSelectElement): void {
  const chosen = chosenBackend() ?? '';
  const names: string[] = ['', ...BACKENDS];
  if (!names.includes(chosen)) names.push(chosen);
  const options = names.map((name) => new Option(name || 'the fastest proven here', name));
  select.replaceChildren(...options);
  select.value = chosen;
  select.addEventListener('change', () => {
    const address = new URL(location.href);
    if (select.value) address.searchParams.set('backend', select.value);
    else address.searchParams.delete('backend');
    location.assign(address);
  });
}
