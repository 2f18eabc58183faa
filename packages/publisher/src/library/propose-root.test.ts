import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { openWorkspace } from '../testing/workspace.js';
import { generateKeys } from './generate-keys.js';
import { proposeRoot } from './propose-root.js';
import { rotateRoot } from './rotate-root.js';
import { serveRepository } from './serve-repository.js';
import { signRoot } from './sign-root.js';

/** Two of three root keys must sign, and each is with somebody else. */
async function openOffices() {
  const workspace = await openWorkspace();
  const { keys, directory } = workspace;
  const made = await generateKeys({ out: keys, role: 'root', count: 2, threshold: 2 });
  const { pin, source } = await workspace.release();
  const offices: string[] = [];
  for (const name of ['root.pem', 'root-2.pem', 'root-3.pem']) {
    const office = join(directory, `office-${offices.length + 1}`);
    await mkdir(office);
    await rename(join(keys, name), join(office, name));
    offices.push(office);
  }
  const server = await serveRepository({ dir: workspace.repository, port: 0 });
  onTestFinished(() => server.close());
  const file = join(directory, 'next-root.json');
  const address = { url: server.url, pin };
  return { ...workspace, made, offices, pin, source, file, address };
}

describe('a root that several people sign', () => {
  test('goes from desk to desk and is published once enough have signed', async () => {
    const { repository, keys, offices, pin, source, file, address } = await openOffices();
    const device = openDevice(address);
    await device.install();
    await generateKeys({ out: keys, role: 'timestamp' });
    const proposal = await proposeRoot({ repository, keys, file, replace: ['timestamp'] });
    expect(proposal).toMatchObject({ version: 2, complete: false });
    expect(proposal.signedByPresent).toMatchObject({ threshold: 2, keyIds: [] });
    expect(proposal.signedByPresent.missing).toHaveLength(3);

    const sign = (office = '') =>
      signRoot({ file, repository: address.url, trust: pin, keys: office });
    const first = await sign(offices[0]);
    expect(first).toMatchObject({ complete: false, added: proposal.added });
    expect(await sign(offices[0])).toEqual(first); // the same key counts once
    await expect(rotateRoot({ repository, keys, proposal: file })).rejects.toMatchObject({
      code: 'threshold-not-met',
    });
    const second = await sign(offices[2]);
    expect(second).toMatchObject({ complete: true });
    expect(second.signedByPresent.keyIds).toHaveLength(2);

    const rotation = await rotateRoot({ repository, keys, proposal: file });
    expect(rotation).toMatchObject({ changed: true, metadata: { root: 2, timestamp: 2 } });
    expect(await device.update()).toBeUndefined();
    await expectSameFiles(await openDevice(address).install(), source);
    expect(await rotateRoot({ repository, keys, proposal: file })).toMatchObject({
      changed: false,
    });
    await expect(sign(offices[1])).rejects.toMatchObject({ code: 'version-conflict' });
  });

  test('can name a new key whose private half never leaves its desk', async () => {
    const { repository, keys, directory, offices, pin, file, address } = await openOffices();
    const desk = join(directory, 'desk');
    const made = await generateKeys({ out: desk, role: 'root' });
    const newKeys = join(directory, 'public');
    await mkdir(newKeys);
    await cp(join(desk, 'root.pub.pem'), join(newKeys, 'root.pub.pem'));

    const proposal = await proposeRoot({
      repository,
      keys,
      newKeys,
      file,
      replace: ['root'],
      thresholds: { root: 1 },
    });
    expect(proposal).toMatchObject({
      added: [made.keys[0]?.id],
      thresholds: { root: 1 },
      signedByNext: { threshold: 1, keyIds: [], missing: [made.keys[0]?.id] },
    });
    const trust = { file, repository, trust: pin };
    await signRoot({ ...trust, keys: offices[0] });
    expect(await signRoot({ ...trust, keys: offices[1] })).toMatchObject({ complete: false });
    await expect(rotateRoot({ repository, keys, proposal: file })).rejects.toMatchObject({
      code: 'signature-invalid',
    });
    expect(await signRoot({ ...trust, keys: desk })).toMatchObject({ complete: true });
    await rotateRoot({ repository, keys, proposal: file });
    expect((await openDevice(address).install()).release).toMatchObject({ version: '1.0.0' });
  });

  test('without a change is the same root with a full lifetime', async () => {
    const { repository, keys, offices, pin, file } = await openOffices();
    const inTenDays = () => Date.now() + 10 * 86_400_000;
    const proposal = await proposeRoot({ repository, keys, file, now: inTenDays });
    expect(proposal).toMatchObject({ version: 2, added: [], removed: [], thresholds: {} });
    for (const office of offices) await signRoot({ file, repository, trust: pin, keys: office });
    const rotation = await rotateRoot({ repository, keys, proposal: file });
    expect(rotation).toMatchObject({ metadata: { root: 2, timestamp: 1 } });
  });
});

describe('a custodian does not sign', () => {
  test('for a repository of another pin', async () => {
    const { repository, keys, offices, file } = await openOffices();
    await proposeRoot({ repository, keys, file });
    const trust = (await openOffices()).pin;
    await expect(signRoot({ file, repository, trust, keys: offices[0] })).rejects.toMatchObject({
      code: 'pin-mismatch',
    });
  });

  test('with a key that neither root names', async () => {
    const { repository, keys, directory, pin, file } = await openOffices();
    await proposeRoot({ repository, keys, file });
    const before = JSON.parse(await readFile(file, 'utf8'));
    const stranger = join(directory, 'stranger');
    await generateKeys({ out: stranger, role: 'root' });
    await signRoot({ file, repository, trust: pin, keys: stranger });
    expect(JSON.parse(await readFile(file, 'utf8'))).toEqual(before);
  });

  test('without a key, or a file that is no root', async () => {
    const { repository, keys, offices, directory, pin, file } = await openOffices();
    await proposeRoot({ repository, keys, file });
    const sign = (office: string) => signRoot({ file, repository, trust: pin, keys: office });
    await expect(sign(join(directory, 'empty'))).rejects.toMatchObject({ code: 'file-missing' });
    await writeFile(file, '{}');
    await expect(sign(offices[0] ?? '')).rejects.toMatchObject({ code: 'metadata-malformed' });
    await rm(file);
    await expect(sign(offices[0] ?? '')).rejects.toMatchObject({ code: 'file-missing' });
  });
});

test('a proposal that was changed on its way is not published', async () => {
  const { repository, keys, offices, pin, file } = await openOffices();
  await proposeRoot({ repository, keys, file });
  for (const office of offices) await signRoot({ file, repository, trust: pin, keys: office });
  const { signed, signatures } = JSON.parse(await readFile(file, 'utf8'));
  signed.roles.timestamp.keyids = signed.roles.snapshot.keyids;
  await writeFile(file, JSON.stringify({ signed, signatures }));
  await expect(rotateRoot({ repository, keys, proposal: file })).rejects.toMatchObject({
    code: expect.stringMatching(/signature-invalid|key-unusable/),
  });
});
