import { type ModelFacts, parseModelFacts } from '@nearside/core';
import type { StartError } from '../refusals/start-error.js';
import type { Act, AuditLog } from './audit-log.js';
import { type Prices, parsePrices } from './prices.js';
import { parseTargets, type Targets } from './targets.js';
import { watchFile } from './watched-file.js';

/** What is known of models: nothing without a file. */
export interface FactsSource {
  current(): ModelFacts | undefined;
  /** Called with what a changed file says. */
  onChange(listener: (facts: ModelFacts) => void): void;
}

export interface ConfiguredFiles {
  readonly facts: FactsSource;
  /** What is asked of models; the defaults without a file. */
  targets(): Targets;
  prices(): Prices | undefined;
  /** Looks at all of them at once. */
  look(): Promise<void>;
  /** From now on looks by itself, until it is closed. */
  watch(): void;
  close(): void;
}

/** The files by their part in the metrics and in the audit log. */
export const CONFIGURED_FILES = ['models', 'targets', 'prices'] as const;
export type ConfiguredFile = (typeof CONFIGURED_FILES)[number];

export interface ConfiguredFilesOptions {
  readonly paths: Readonly<Partial<Record<ConfiguredFile, string | undefined>>>;
  readonly audit: AuditLog;
  /** Told when a file has been read, and when it is not right and the one before holds on. */
  readonly onState: (file: ConfiguredFile, state: 'loaded' | 'refused') => void;
  readonly onError: (error: unknown) => void;
}

/**
 * Reads what a collector is told in files, and again when they have changed. One that is broken then changes nothing.
 *
 * @throws StartError `file-missing`, `file-invalid` when one is not right at the start
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

async function open<Value>(
  { paths, audit, onState, onError }: ConfiguredFilesOptions,
  file: ConfiguredFile,
  parse: (document: unknown) => Value,
  onChange: (value: Value) => void = () => {},
) {
  const path = paths[file];
  if (path === undefined) return undefined;
  const tell = (state: 'loaded' | 'refused', facts: Record<string, string>) => {
    onState(file, state);
    audit.write(`${file}-${state}` satisfies Act, facts);
  };
  const watched = await watchFile(path, {
    parse,
    onLoaded: (value) => {
      onChange(value);
      tell('loaded', { path });
    },
    onRefused: (error: StartError) => {
      onError(error);
      tell('refused', { path, code: error.code, message: error.message });
    },
  });
  tell('loaded', { path });
  return watched;
}
