// Opens a model once, as the query's `how` says, and posts how long that took to the address `told`.
import { open, openUnsigned } from 'nearside';

const query = new URLSearchParams(location.search);
const { url, files, ...options } = JSON.parse(query.get('how'));

async function visit() {
  const startMs = performance.now();
  if (files) await openUnsigned(files, {}, options);
  else await open(url, options);
  return { openMs: performance.now() - startMs };
}

const seen = await visit().catch((error) => ({ error: `${error.code ?? ''} ${error.message}` }));
await fetch(query.get('told'), { method: 'POST', mode: 'no-cors', body: JSON.stringify(seen) });
