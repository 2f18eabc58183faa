/** In the page, for as long as it lives: no other page can change these databases any more. */
export async function keepWriteLocks(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const opening = indexedDB.open(name);
    await new Promise((resolve) => {
      opening.onsuccess = resolve;
    });
    const objects = opening.result.transaction('nearside', 'readwrite').objectStore('nearside');
    await new Promise<void>((resolve) => {
      const keep = () => {
        resolve();
        objects.get('').onsuccess = keep;
      };
      keep();
    });
  }
}
