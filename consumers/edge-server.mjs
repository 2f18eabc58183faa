import { readFileSync } from 'node:fs';

const FOLDER = new URL('../examples/edge-server/', import.meta.url);

/** What all servers of examples/edge-server share, as it is there. */
export const edgeServer = Object.fromEntries(
  ['service.mjs', 'read-png.mjs'].map((name) => [
    name,
    readFileSync(new URL(name, FOLDER), 'utf8'),
  ]),
);

/** A PNG of a one, 28 × 28. */
const picture =
  'iVBORw0KGgoAAAANSUhEUgAAABwAAAAcCAAAAABXZoBIAAAAFElEQVR42mNgGNTg//9RyVHJQQIA5Vwj3b3rFTsAAAAASUVORK5CYII=';

/** Has `service` read a picture. What comes out is `result`. */
export const askService = `  const body = Uint8Array.from(atob('${picture}'), (one) => one.charCodeAt(0));
  const request = new Request('http://localhost/classify', { method: 'POST', body });
  const { label, backend } = await (await service.fetch(request)).json();
  const result = label + ' by ' + backend;
  await service.close();
`;

/** A program that prints it. The model's address and the pin are in its environment. */
export const edgeProgram = `import process from 'node:process';
import { createService } from './service.mjs';

async function classify() {
  const { MODEL, TRUST, BACKEND } = process.env;
  const service = createService(MODEL, { trust: TRUST, backend: BACKEND || undefined });
${askService}  console.log(result);
}
classify();
`;
