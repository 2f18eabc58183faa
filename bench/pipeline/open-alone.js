import { open } from 'nearside';

/** Opens one of the repository's models as a peer runs it: one thread, and nothing kept. */
export async function openAlone(name, task) {
  const { models, trust } = await (await fetch('/nearside.config.json')).json();
  return open(`${models}/${name}`, {
    trust,
    task,
    backend: 'onnx-wasm',
    threads: 1,
    store: 'memory',
  });
}
