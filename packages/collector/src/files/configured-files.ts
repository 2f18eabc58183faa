import { isDeepStrictEqual } from 'node:util';
import { type ModelFacts, parseModelFacts } from '@nearside/core';
import type { StartError } from '../refusals/start-error.js';
import type { Act, AuditLog } from './audit-log.js';
import { type Prices, parsePrices } from './prices.js';
import { parseTargets, type Targets } from './targets.js';
import { watchFile } from './watched-file.js';

/** Facts about models. There are none without a file. */
export interface FactsSource {
  current(): ModelFacts | undefined;
  /** The listener gets the facts of a changed file. */
  onChange(listener: (facts: ModelFacts) => void): void;
}

export interface ConfiguredFiles {
  readonly facts: FactsSource;
  /** Targets of models. Without a file they are the defaults. */
  targets(): Targets;
  prices(): Prices | undefined;
  /** Looks now whether any file has changed. */
  look(): Promise<void>;
  /** Looks by itself from now on, until it is closed. */
  watch(): void;
  close(): void;
}

/** The files, as metrics and audit log call them. */
export type ConfiguredFile = 'models' | 'targets' | 'prices';

export interface ConfiguredFilesOptions {
  readonly paths: Readonly<Partial<Record<ConfiguredFile, string | undefined>>>;
  readonly audit: AuditLog;
  /** Told when a file was read, and when it was refused and the one before stays. */
  readonly onState: (file: ConfiguredFile, state: 'loaded' | 'refused') => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Reads the files that configure a collector, and again when one has changed. A file that is then broken changes
 * nothing.
 *
 * @throws StartError `file-missing`, `file-invalid` when a file is not right at the start
 */
export async function openConfiguredFiles(
  options: ConfiguredFilesOptions,
): Promise<ConfiguredFiles> {
  const listeners: ((facts: ModelFacts) => void)[] = [];
  const tell = (facts: ModelFacts) => {
    for (const listener of listeners) listener(facts);
  };
  const models = await open(options, 'models', parseModelFacts, tell);
  const targets = await open(options, 'targets', parseTargets);
  const prices = await open(options, 'prices', parsePrices);
  const files = [models, targets, prices];
  return {
    facts: {
      current: () => models?.current,
      onChange: (listener) => listeners.push(listener),
    },
    targets: () => targets?.current ?? parseTargets({}),
    prices: () => prices?.current,
    async look() {
      for (const file of files) await file?.look();
    },
    watch() {
      for (const file of files) file?.watch();
    },
    close() {
      for (const file of files) file?.close();
    },
  };
}

async function open<Value extends object>(
  { paths, audit, onState, onError }: ConfiguredFilesOptions,
  file: ConfiguredFile,
  parse: (document: unknown) => Value,
  onChange: (value: Value) => void = () => {},
) {
  const path = paths[file];
  if (path === undefined) return undefined;
  /** What the audit log says of the file last. Undefined where it was refused. */
  let logged: object | undefined;
  const loaded = (value: Value) => {
    onState(file, 'loaded');
    // a scheduler writes the same facts anew, with the time at which it did
    const said = { ...value, verifiedMs: undefined };
    if (!isDeepStrictEqual(said, logged)) audit.write(`${file}-loaded` satisfies Act, { path });
    logged = said;
  };
  const watched = await watchFile(path, {
    parse,
    onLoaded: (value) => {
      onChange(value);
      loaded(value);
    },
    onRefused: (error: StartError) => {
      logged = undefined;
      onError(error);
      onState(file, 'refused');
      const { code, message } = error;
      audit.write(`${file}-refused` satisfies Act, { path, code, message });
    },
  });
  loaded(watched.current);
  return watched;
}
