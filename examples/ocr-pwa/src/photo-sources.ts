/** Hands over a photo that is chosen, dropped anywhere on the page, or pasted. */
export function listenForPhotos(chooser: HTMLInputElement, onPhoto: (photo: Blob) => void): void {
  const take = (files: FileList | null | undefined) => {
    if (files?.[0]) onPhoto(files[0]);
  };
  chooser.addEventListener('change', () => {
    take(chooser.files);
    chooser.value = ''; // so that the same file can be chosen again
  });
  document.addEventListener('paste', ({ clipboardData }) => take(clipboardData?.files));
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    document.documentElement.dataset.drop = 'over';
  });
  document.addEventListener('dragleave', ({ relatedTarget }) => {
    if (relatedTarget === null) delete document.documentElement.dataset.drop;
  });
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    delete document.documentElement.dataset.drop;
    take(event.dataTransfer?.files);
  });
}
