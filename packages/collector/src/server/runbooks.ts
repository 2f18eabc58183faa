import { readFile } from 'node:fs/promises';
import type { FastifyInstance } from 'fastify';
import { sendRefusal } from '../refusals/refusal.js';

/** A checkout has the sources, and a package what the build copied. The addresses are right from `src` and from `dist`. */
const FOLDERS = ['../../../../docs/operating/runbooks/', '../../dist/runbooks/'];

/** Adds the address that an alert links to: what to do about it, as text. */
export function addRunbooks(server: FastifyInstance): void {
  server.get<{ Params: { name: string } }>('/runbooks/:name', async ({ params }, reply) => {
    const text = await readRunbook(params.name);
    if (text !== undefined) return reply.type('text/plain; charset=utf-8').send(text);
    return sendRefusal(reply, {
      code: 'not-found',
      message:
        'Expected the name of an alert in lower case, such as /runbooks/nearside-silence, got another.',
    });
  });
}

async function readRunbook(name: string): Promise<string | undefined> {
  if (!/^[a-z0-9-]{1,64}$/.test(name)) return undefined;
  for (const folder of FOLDERS) {
    const file = new URL(`${folder}${name}.md`, import.meta.url);
    const text = await readFile(file, 'utf8').catch(() => undefined);
    if (text !== undefined) return text;
  }
  return undefined;
}
