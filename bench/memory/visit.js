// Opens a model once, as the query's `how` tells it, and says how long that took.
import { open, openUnsigned } from 'nearside';

const { url, files, ...options } = JSON.parse(new URLSearchParams(location.search).get('how'));

async function visit() {
  const startMs = performance.now();
  if (files) await openUnsigned(files, {}, options);
  else await open(url, options);
  return { openMs: performance.now() - startMs };
}

const seen = await visit().catch((error) => ({ error: `${error.code ?? ''} ${error.message}` }));
document.body.textContent = JSON.stringify(seen);
document.documentElement.dataset.state = 'done';
