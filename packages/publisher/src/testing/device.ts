import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createMemoryStore,
  type InstallationEvent,
  type Mirror,
  type ModelVersion,
  type OpenedRelease,
  openModelInstallation,
  parseModelAddress,
} from '@nearside/artifact';
import { goldenFiles, isNearsideError, type Store } from '@nearside/core';
import { CAPABILITIES } from '@nearside/pipeline';
import { expect } from 'vitest';
import { readModelDirectory } from '../packing/model-directory.js';

type InstallationOptions = Parameters<typeof openModelInstallation>[0];

export interface DeviceOptions
  extends Pick<InstallationOptions, 'pin' | 'request' | 'maxBytes' | 'boot' | 'signal'> {
  readonly url: string;
  readonly model?: string | undefined;
  readonly store?: Store | undefined;
  readonly installId?: string | undefined;
  readonly mirrors?: readonly (string | Mirror)[] | undefined;
  readonly now?: (() => number) | undefined;
}

export type Device = ReturnType<typeof openDevice>;

/** A device with one model of one repository, and its events. */
export function openDevice({
  url,
  model = 'tiny',
  store = createMemoryStore(),
  installId = '0'.repeat(32),
  mirrors = [],
  now = Date.now,
  ...options
}: DeviceOptions) {
  const events: InstallationEvent[] = [];
  const installation = openModelInstallation({
    ...options,
    address: parseModelAddress(`${url}/${model}`),
    store,
    installId,
    support: { runtimes: ['onnx', 'tfjs'], features: CAPABILITIES },
    mirrors: mirrors.map((mirror) => (typeof mirror === 'string' ? { url: mirror } : mirror)),
    onEvent: (event) => events.push(event),
    now,
  });
  async function installOnce(): Promise<OpenedRelease> {
    const version = await installation.open();
    await installation.readFiles(version, allFiles(version));
    await installation.activate(version, 'test');
    return version;
  }

  return {
    store,
    events,
    ...installation,
    /** Opens, reads every file, and makes the version the active one. */
    async install(): Promise<OpenedRelease> {
      try {
        return await installOnce();
      } catch (error) {
        // A version that a boot file offered, and the repository no longer does, is opened again without it.
        if (!isNearsideError(error) || error.code !== 'version-revoked') throw error;
        return installOnce();
      }
    },
    /** Looks for a newer version and, if there is one, makes it the active one. */
    async update(): Promise<OpenedRelease | undefined> {
      const { next } = await installation.check();
      if (!next) return undefined;
      const version = await installation.openCandidate(next.sequence);
      await installation.readFiles(version, allFiles(version));
      expect(await installation.spendTry(next.sequence)).toBeDefined();
      await installation.activate(version, 'test');
      return version;
    },
  };
}

/** Every file of the synthetic model. */
export function allFiles({ spec, golden }: ModelVersion): string[] {
  return [
    'model.json',
    'golden.json',
    'baseline.json',
    'MODEL.md',
    ...spec.variants.flatMap(({ files }) => files),
    ...golden.cases.flatMap((one) => goldenFiles(one, Object.keys(one.expected))),
  ];
}

/** Checks that every file the device reads is byte for byte that of the source directory. */
export async function expectSameFiles(version: ModelVersion, source: string): Promise<void> {
  const { files } = await readModelDirectory(source);
  for (const name of files) {
    const expected = await readFile(join(source, name));
    expect(expected.equals(await version.readFile(name)), name).toBe(true);
  }
}
