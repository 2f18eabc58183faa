import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createMemoryStore,
  type InstallationEvent,
  type InstalledVersion,
  type ModelVersion,
  openModelInstallation,
  parseModelAddress,
} from '@nearside/artifact';
import type { Store } from '@nearside/core';
import { expect } from 'vitest';
import { readModelDirectory } from '../packing/model-directory.js';

/** A device with one model of one repository, and what it has told. */
export function openDevice({
  url,
  pin,
  model = 'tiny',
  store = createMemoryStore(),
  now = Date.now,
}: {
  url: string;
  pin: string;
  model?: string;
  store?: Store;
  now?: () => number;
}) {
  const events: InstallationEvent[] = [];
  const installation = openModelInstallation({
    address: parseModelAddress(`${url}/${model}`),
    pin,
    store,
    installId: '0'.repeat(32),
    onEvent: (event) => events.push(event),
    now,
  });
  return {
    store,
    events,
    ...installation,
    update: () => installation.update(allFiles),
    /** Opens, reads every file, and makes the version the active one. */
    async install(): Promise<InstalledVersion> {
      const version = await installation.open();
      for (const name of allFiles(version)) await version.readFile(name);
      await installation.activate(version, 'test');
      return version;
    },
  };
}

/** Every file of the synthetic model. */
export function allFiles({ spec, golden }: ModelVersion): string[] {
  const tensors = golden.cases.flatMap(({ inputs, expected }) =>
    [inputs, ...Object.values(expected)].flatMap((stored) => Object.values(stored)),
  );
  return [
    'model.json',
    'golden.json',
    'baseline.json',
    'MODEL.md',
    ...spec.variants.flatMap(({ files }) => files),
    ...tensors.map(({ file }) => file),
  ];
}

/** Every file the device reads is, byte for byte, what lies in the source directory. */
export async function expectSameFiles(version: ModelVersion, source: string): Promise<void> {
  const { files } = await readModelDirectory(source);
  for (const name of files) {
    const expected = await readFile(join(source, name));
    expect(expected.equals(await version.readFile(name)), name).toBe(true);
  }
}
