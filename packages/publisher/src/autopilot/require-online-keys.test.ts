import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { flights } from '../testing/flight.js';

const CANARY = ['1.1.0 canary 5 %', '1.0.0 stable'];
const openFlight = flights();

describe('keys', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  test.each(['root.pem', 'root-2.pem', 'model.pem'])(
    'a %s that it can read is refused',
    async (file) => {
      const { workspace, step, says, offers, collector } = await openFlight();
      says('roll-back');
      await writeFile(join(workspace.keys, file), 'whatever it holds');
      for (const dryRun of [false, true]) {
        await expect(step({ dryRun })).rejects.toMatchObject({
          code: 'gate-refused',
          message: expect.stringContaining(file),
        });
      }
      expect(await offers()).toEqual(CANARY);
      expect(collector.asked).toBe(0);
    },
  );

  test.each(['NEARSIDE_KEY_ROOT', 'NEARSIDE_KEY_MODEL'])(
    '%s is refused, and not printed',
    async (name) => {
      const { step } = await openFlight();
      vi.stubEnv(name, 'a secret');
      const error = await step().catch((reason) => reason);
      expect(error).toMatchObject({ code: 'gate-refused', message: expect.stringContaining(name) });
      expect(error.message + JSON.stringify(error.details)).not.toContain('a secret');
    },
  );

  test.each(['targets', 'snapshot', 'timestamp'])(
    'a %s key that is missing is told of at every step, long before an act needs it',
    async (role) => {
      const { workspace, step, collector } = await openFlight();
      await rm(join(workspace.keys, `${role}.pem`));
      for (const dryRun of [false, true]) {
        const error = await step({ dryRun }).catch((reason) => reason);
        expect(error).toMatchObject({ code: 'file-missing', details: { role } });
        expect(error.message).toContain(
          'got neither. `--keys` says where those of this repository',
        );
        expect(error.message).not.toContain('--new-keys');
      }
      expect(collector.asked).toBe(0);
    },
  );

  test('a folder of keys that is not there is refused, and keys in the environment are enough', async () => {
    const { workspace, step, says } = await openFlight();
    says('roll-back');
    const keys = `${workspace.keys}-that-is-not-there`;
    await expect(step({ keys })).rejects.toMatchObject({ code: 'file-missing' });
    for (const role of ['targets', 'snapshot', 'timestamp']) {
      const pem = await readFile(join(workspace.keys, `${role}.pem`), 'utf8');
      vi.stubEnv(`NEARSIDE_KEY_${role.toUpperCase()}`, pem);
    }
    expect(await step({ keys })).toMatchObject({ acts: [{ act: 'revoke' }] });
  });

  test('a root key that it can read is refused with the command that mends it', async () => {
    const { workspace, step } = await openFlight();
    const { keys } = workspace;
    await writeFile(join(keys, 'root.pem'), 'whatever it holds');
    await expect(step()).rejects.toThrow(
      `\`mkdir online && cp ${keys}/{targets,snapshot,timestamp}.pem online/\``,
    );
  });
});
