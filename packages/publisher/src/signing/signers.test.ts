import { copyFile, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { TIMESTAMP_PATH } from '@nearside/artifact';
import { describe, expect, test } from 'vitest';
import { generateKeys } from '../library/generate-keys.js';
import { serveRepository } from '../library/serve-repository.js';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { openWorkspace, type Workspace } from '../testing/workspace.js';

/** A desk where two of three timestamp keys and two of two targets keys must sign. */
async function openGuardedDesk(): Promise<Workspace> {
  const workspace = await openWorkspace();
  const { keys } = workspace;
  await generateKeys({ out: keys, role: 'timestamp', count: 2, threshold: 2 });
  await generateKeys({ out: keys, role: 'targets', count: 1, threshold: 2 });
  return workspace;
}

async function signaturesOf({ repository }: Workspace, path: string) {
  const { signatures } = JSON.parse(await readFile(join(repository, path), 'utf8'));
  return (signatures as { keyid: string }[]).map(({ keyid }) => keyid);
}

describe('a role that several keys must sign', () => {
  test('is published with a signature of each key at hand, and devices accept it', async () => {
    const workspace = await openGuardedDesk();
    const { pin, source } = await workspace.release();
    const root = JSON.parse(
      await readFile(join(workspace.repository, 'metadata/1.root.json'), 'utf8'),
    ).signed;
    expect(root.roles.timestamp).toMatchObject({ threshold: 2, keyids: expect.any(Array) });
    expect(await signaturesOf(workspace, TIMESTAMP_PATH)).toEqual(root.roles.timestamp.keyids);
    expect(await signaturesOf(workspace, 'metadata/1.targets.json')).toHaveLength(2);
    expect(await signaturesOf(workspace, 'metadata/1.snapshot.json')).toHaveLength(1);
    await using server = await serveRepository({ dir: workspace.repository, port: 0 });
    await expectSameFiles(await openDevice({ url: server.url, pin }).install(), source);
  });

  test('is signed by as many as must, when one key is lost', async () => {
    const workspace = await openGuardedDesk();
    await workspace.release();
    await rm(join(workspace.keys, 'timestamp.pem'));
    await workspace.release({ version: '1.1.0', sequence: 2 });
    expect(await signaturesOf(workspace, TIMESTAMP_PATH)).toHaveLength(2);
  });

  test('is not signed by one of two, and says which key is missing', async () => {
    const workspace = await openGuardedDesk();
    await workspace.release();
    const [first, second] = await signaturesOf(workspace, 'metadata/1.targets.json');
    await rm(join(workspace.keys, 'targets-2.pem'));
    await expect(workspace.release({ version: '1.1.0', sequence: 2 })).rejects.toMatchObject({
      code: 'threshold-not-met',
      details: { role: 'targets', threshold: 2, available: [first], missing: [second] },
    });
    await expect(readFile(join(workspace.repository, 'metadata/2.targets.json'))).rejects.toThrow(
      'ENOENT',
    );
  });

  test('counts one key once, in however many files it is', async () => {
    const workspace = await openGuardedDesk();
    await workspace.release();
    const at = (name: string) => join(workspace.keys, name);
    await copyFile(at('targets.pem'), at('targets-2.pem'));
    await copyFile(at('targets.pem'), at('targets-3.pem'));
    await expect(workspace.release({ version: '1.1.0', sequence: 2 })).rejects.toMatchObject({
      code: 'threshold-not-met',
    });
  });

  test('does not count a key of another role', async () => {
    const workspace = await openGuardedDesk();
    await workspace.release();
    const at = (name: string) => join(workspace.keys, name);
    await copyFile(at('snapshot.pem'), at('targets-2.pem'));
    await expect(workspace.release({ version: '1.1.0', sequence: 2 })).rejects.toMatchObject({
      code: 'threshold-not-met',
    });
  });

  test('has its threshold from the first publish on, or there is none', async () => {
    const workspace = await openGuardedDesk();
    await rm(join(workspace.keys, 'targets-2.pem'));
    await expect(workspace.release()).rejects.toMatchObject({
      code: 'threshold-not-met',
      details: { role: 'targets', threshold: 2 },
    });
  });
});
