import { cp, rm } from 'node:fs/promises';
import { root } from './root.mjs';

/** `pack` takes these of the model; scripts that trained it stay. */
const TAKEN =
  /\/(?:model\.json|golden\.json|baseline\.json|MODEL\.md|golden|int8|fp32|tfjs)(?:\/|$)/;

/** Puts a copy of `models/digits` into the publisher's package, for `nearside try`. */
export async function placeExample() {
  const from = `${root}models/digits`;
  const to = `${root}packages/publisher/example/digits`;
  await rm(to, { recursive: true, force: true });
  await cp(from, to, {
    recursive: true,
    filter: (file) => file === from || TAKEN.test(file.slice(from.length)),
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) await placeExample();
