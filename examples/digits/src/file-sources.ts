/** Hands over files that are chosen, dropped anywhere on the page, or pasted. */
export function listenForFiles({
  chooser,
  onFile,
}: {
  chooser: HTMLInputElement;
  onFile: (file: Blob) => void;
}): void {
  const take = (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (file) onFile(file);
  };
  const markDrop = (over: boolean) => document.body.classList.toggle('drop-target', over);

  chooser.addEventListener('change', () => {
    take(chooser.files);
    chooser.value = ''; // so that the same file can be chosen again
  });
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    markDrop(true);
  });
  document.addEventListener('dragleave', (event) => {
    if (event.relatedTarget === null) markDrop(false);
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    markDrop(false);
    take(event.dataTransfer?.files);
  });
  document.addEventListener('paste', (event) => take(event.clipboardData?.files));
}
