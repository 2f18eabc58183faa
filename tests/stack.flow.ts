import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { expect, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { publishModels } from '../scripts/stack.mjs';

test('a local repository of an older checkout, with another model under the same version, is made anew', async () => {
  const { generateKeys, pack, publish, verify } = await import(
    '../packages/publisher/dist/index.js'
  );
  const dir = await mkdtemp(`${tmpdir()}/nearside-stack-`);
  const [keys, repository] = [`${dir}/keys`, `${dir}/repository`];
  await cp(`${root}models/digits`, `${dir}/older`, { recursive: true });
  await appendFile(`${dir}/older/MODEL.md`, '\nAs it was.\n');
  await pack({ modelDirectory: `${dir}/older`, out: `${dir}/packed-older` });
  await generateKeys({ out: keys });
  await publish({ packed: `${dir}/packed-older`, repository, keys });

  const { pin, packed } = await publishModels(dir, ['digits']);
  expect((await verify({ repository, trust: pin })).problems).toEqual([]);
  await publish({ packed: `${packed}/digits`, repository, keys }); // what is there now is the present one
  await rm(dir, { recursive: true });
});
