/**
 * In the page, before its first script: tells of every mark that is stored or removed. It names nothing outside itself, so
 * that it can be given to `addInitScript`.
 *
 * @param {string} url of `hearMarks`
 */
export function tellMarks(url) {
  const isMark = (key) => typeof key === 'string' && /\/m\/[^/]+\/[^/]+$/.test(key);
  const tell = (step, key, record = {}) => {
    const { phase, backend, variant, threads, version } = record;
    const request = new XMLHttpRequest();
    try {
      request.open('POST', url, false);
      request.send(JSON.stringify({ step, key, phase, backend, variant, threads, version }));
    } catch {
      // while a page is left, it may not wait for anything
    }
  };
  const { put, delete: remove } = IDBObjectStore.prototype;
  IDBObjectStore.prototype.put = function (record, key) {
    if (!isMark(key)) return put.call(this, record, key);
    tell('storing', key, record);
    try {
      const request = put.call(this, record, key);
      this.transaction.addEventListener('complete', () => tell('stored', key, record));
      return request;
    } catch (error) {
      tell('refused', key); // in Firefox other events come while a page waits, and a transaction may end
      throw error;
    }
  };
  IDBObjectStore.prototype.delete = function (key) {
    if (isMark(key)) {
      tell('removing', key);
      this.transaction.addEventListener('complete', () => tell('removed', key));
    }
    return remove.call(this, key);
  };
}
