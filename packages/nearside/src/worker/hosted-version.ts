import {
  type ChunkedFile,
  graphFileName,
  joinChunks,
  type ModelInstallation,
  type OpenedRelease,
  parseJson,
  type VerifiedBytes,
  type VerifiedFile,
  variantFiles,
} from '@nearside/artifact';
import {
  type Baseline,
  filesBesideModels,
  type Golden,
  type ModelSpec,
  parseBaseline,
  sum,
  type Variant,
} from '@nearside/core';
import type { InstallIdentity } from '../shared/install.js';
import type { OpenedVersion, WhichVersion } from '../shared/protocol.js';
import type { UnverifiedBytes } from './backends/unverified-bytes.js';
import type { LoadProgress } from './load-progress.js';
import type { SelfCheck } from './self-check.js';

/** A version that a worker serves, whoever vouches for it. */
export type HostedVersion = InstalledVersion | UnsignedVersion;

/** One that `open` found, signed or sealed: what it reads is verified, and nothing else is. */
export type InstalledVersion = VersionOf<VerifiedBytes>;

/** One that `openUnsigned` was given as files: it stands in for no installed one. */
export type UnsignedVersion = VersionOf<UnverifiedBytes>;

/** A version by what its files are read as. */
interface VersionOf<Bytes extends Uint8Array<ArrayBuffer>> {
  /** As the page is told. */
  readonly described: OpenedVersion;
  readonly spec: ModelSpec;
  /** Undefined where there is nothing to prove a backend on: for `openUnsigned` alone. */
  readonly golden: Golden | undefined;
  /** Where it is unsigned and has no golden cases: a GPU's numbers are to be compared with a CPU's instead. */
  readonly selfCheck: SelfCheck | undefined;
  /** Names of its files that are variants without their weights. */
  readonly graphs: readonly string[];
  /** Bytes of each of its files, by name. */
  readonly fileBytes: Readonly<Record<string, number>>;
  /** Backends that have proven it on this device before, as `activate` names them. */
  readonly provenBy: readonly string[];
  /** Bytes of a variant's files that are not on the device yet, compressed. */
  missingBytes(variant: Variant): Promise<number>;
  /** Fetches what a variant needs and is not on the device yet. */
  fetch(variant: Variant): Promise<void>;
  /** Reads all that a session of the variant needs: it is checked before the first byte of it is used. */
  readVariant(
    variant: Variant,
    progress: LoadProgress,
    how?: { readonly readsWeightsLater: boolean },
  ): Promise<VariantFiles<Bytes>>;
  /** Reads files anew: a session does not keep them. */
  readWhole(names: readonly string[]): Promise<ReadonlyMap<string, Bytes>>;
  /** The same for those whose chunks are read one by one. */
  readChunked(names: readonly string[]): Promise<ReadonlyMap<string, ChunkedFile<Bytes>>>;
  /** After the named backend has proven it: from now on it is the active one of this device, if it may be. */
  activate(provenBy: string): Promise<void>;
}

/** With its name in reports. */
export interface NamedBaseline extends Baseline {
  /** First 16 hex digits of its SHA-256. */
  readonly hash: string;
}

export interface VariantFiles<Bytes extends Uint8Array<ArrayBuffer>> {
  /** As the version says, or its files. */
  readonly variant: Variant;
  /** Those that are needed whole. */
  readonly files: ReadonlyMap<string, Bytes>;
  /** Those beside the models, in chunks. */
  readonly weights: ReadonlyMap<string, ChunkedFile<Bytes>>;
  /** Bytes that crossed the network for them. */
  readonly fetchedBytes: number;
  /** The time that this took before the version was opened, ms. */
  readonly fetchMs?: number;
  readonly baseline: NamedBaseline | undefined;
}

/**
 * Opens a version as an installation has it, which verifies all that is read of it.
 *
 * @returns undefined when there is no such version (a previous one, when there is none)
 * @throws NearsideError trust, network and store codes
 */
export async function openInstalledVersion(
  installation: ModelInstallation,
  which: WhichVersion,
  install: InstallIdentity,
): Promise<InstalledVersion | undefined> {
  const version = await openRelease(installation, which);
  if (!version) return undefined;
  const { spec, golden, provenBy } = version;
  const filesOf = (variant: Variant) => variantFiles(spec, variant, golden);
  /** Fetches what is not on the device yet, and keeps none of it in memory. */
  const readChunked = (names: readonly string[]) =>
    installation.readFiles(version, names, { unkept: names });

  return {
    spec,
    golden,
    selfCheck: undefined,
    graphs: spec.variants.map(({ name }) => graphFileName(name)).filter(version.digestOf),
    fileBytes: Object.fromEntries(
      Object.entries(version.layout.files).map(([name, chunks]) => [
        name,
        sum(chunks.map(([, sizeBytes]) => sizeBytes)),
      ]),
    ),
    provenBy,
    described: describe(version, install),
    missingBytes: (variant) => version.missingBytes(filesOf(variant)),
    async fetch(variant) {
      await readChunked(filesOf(variant));
    },
    async readVariant(variant, progress, how) {
      const names = filesOf(variant);
      const beside = filesBesideModels(variant);
      progress.expect('weights', await version.missingBytes(names));
      let fetchedBytes = 0;
      const read = await installation.readFiles(version, names, {
        unkept: how?.readsWeightsLater ? beside : [],
        onBytes(sizeBytes) {
          fetchedBytes += sizeBytes;
          progress.arrive('weights', sizeBytes);
        },
        onElsewhere: (sizeBytes) => progress.arrive('weights', sizeBytes),
      });
      const { files, weights } = await splitFiles(read, beside);
      const baseline = files.get('baseline.json');
      return {
        variant,
        files,
        weights,
        fetchedBytes,
        baseline: baseline && {
          ...parseBaseline(parseJson(baseline, BASELINE)),
          hash: version.digestOf('baseline.json')?.slice(0, HASH_DIGITS) ?? '',
        },
      };
    },
    readWhole: async (names) => joinFiles(await installation.readFiles(version, names)),
    readChunked,
    async activate(provenBy) {
      if (which.kind === 'served' || which.kind === 'shadow') return; // another one stays the active version
      await installation.activate(version, provenBy);
    },
  };
}

/** Joins the files that are needed whole, and leaves those beside the models in chunks. */
async function splitFiles(read: ReadonlyMap<string, VerifiedFile>, beside: readonly string[]) {
  const isBeside = (name: string) => beside.includes(name);
  return {
    files: await joinFiles([...read].filter(([name]) => !isBeside(name))),
    weights: new Map([...read].filter(([name]) => isBeside(name))),
  };
}

async function joinFiles(
  read: Iterable<readonly [name: string, file: VerifiedFile]>,
): Promise<Map<string, VerifiedBytes>> {
  const joined = new Map<string, VerifiedBytes>();
  for (const [name, file] of read) joined.set(name, await joinChunks(file));
  return joined;
}

/**
 * A page that has moved on to another task finds the version of the old one on the device: a newer version, of the
 * task that the page asks for, may be in the repository.
 */
export async function replaceOfOtherTask(
  installation: ModelInstallation,
  options: {
    readonly opened: InstalledVersion;
    readonly which: WhichVersion;
    readonly task: string | undefined;
    readonly install: InstallIdentity;
  },
): Promise<InstalledVersion> {
  const { opened, which, task, install } = options;
  const isOther = task !== undefined && opened.spec.task !== task;
  if (!isOther || which.kind !== 'active' || opened.described.origin !== 'store') return opened;
  const { next } = await installation.check({ maxAgeMs: 0 }).catch(() => ({ next: undefined }));
  if (!next) return opened;
  const candidate = { kind: 'candidate', sequence: next.sequence } as const;
  return (await openInstalledVersion(installation, candidate, install)) ?? opened;
}

/** Reports have so many hex digits of a baseline's SHA-256. */
const HASH_DIGITS = 16;

const BASELINE = { code: 'metadata-malformed', what: 'baseline.json' } as const;

function openRelease(installation: ModelInstallation, which: WhichVersion) {
  switch (which.kind) {
    case 'active':
      return installation.open();
    case 'previous':
      return installation.openPrevious(which.failed);
    case 'served':
      return installation.openServed(which.sequence);
    case 'candidate':
      return installation.openCandidate(which.sequence);
    case 'shadow':
      return installation.openShadow(which.sequence);
  }
}

function describe(version: OpenedRelease, install: InstallIdentity): OpenedVersion {
  const { release, manifestSha256, spec, origin, assignment, isCommon } = version;
  return { release, manifestSha256, spec, origin, assignment, isCommon, install };
}
