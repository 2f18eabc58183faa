import { toBase64Url } from '../base64.js';
import { canonicalJson } from '../canonical-json.js';
import { toHex } from '../hex.js';
import {
  BUNDLE_MEDIA_TYPE,
  PAYLOAD_TYPE,
  PREDICATE_TYPE,
  preAuthenticationEncoding,
  RELEASE_FIELD,
  STATEMENT_TYPE,
} from '../oms/bundle.js';
import {
  bundleName,
  chunkPath,
  rootPath,
  snapshotPath,
  TIMESTAMP_PATH,
  targetPath,
  targetsPath,
} from '../repository-paths.js';
import { sha256Hex } from '../sha256.js';
import { MODEL_KEYS_FIELD } from '../tuf/metadata.js';
import { pinOf } from '../tuf/parse-trust.js';

type Bytes = Uint8Array<ArrayBuffer>;

/** A repository of the model `tiny`, in memory. */
export interface SignedRepository {
  readonly pin: string;
  /** After each release: path → bytes. */
  readonly generations: readonly ReadonlyMap<string, Bytes>[];
  /** Weights of each release, as they must come out. */
  readonly weights: readonly Bytes[];
}

/** The files of a layout.json: name → chunks. */
export type LayoutFiles = Record<string, [sha256: string, sizeBytes: number, gzipBytes?: number][]>;

export const WEIGHTS = 'onnx/model.onnx';

/**
 * Signs releases 1.0.0, 1.1.0, … with fresh keys and WebCrypto alone, so that a browser can.
 *
 * @param releases the weights of each, in chunks
 * @param changeLayout makes a layout differ from the digests that are signed beside it
 * @param offer to whom a release is offered in a generation, counted from 1; to all by default
 */
export async function signRepository(
  releases: readonly (readonly Bytes[])[],
  {
    changeLayout = () => {},
    offer = () => ({}),
  }: {
    changeLayout?: (files: LayoutFiles) => void;
    offer?: (sequence: number, generation: number) => object;
  } = {},
): Promise<SignedRepository> {
  const keys = await createKeys();
  const files = new Map<string, Bytes>();
  const root = await signMetadata(rootOf(keys), keys.root);
  files.set(rootPath(1), root);
  const targets: Record<string, { custom: { sequence: number } }> = {};
  const generations: ReadonlyMap<string, Bytes>[] = [];
  for (const [i, chunks] of releases.entries()) {
    const release = { model: 'tiny', version: `1.${i}.0`, sequence: i + 1 };
    const digests = await addFiles(files, { release, weights: chunks, changeLayout });
    const bundle = await signBundle(release, digests, keys.model);
    const name = bundleName(release.model, release.version);
    const described = await describe(bundle);
    const custom = { ...release, state: 'stable', requires: { format: 1 } };
    targets[name] = { ...described, custom };
    files.set(targetPath(name, described.hashes.sha256), bundle);
    const offered = Object.entries(targets).map(([name, { custom, ...target }]) => {
      return [name, { ...target, custom: { ...custom, ...offer(custom.sequence, i + 1) } }];
    });
    await addMetadata(files, i + 1, Object.fromEntries(offered), keys);
    generations.push(new Map(files));
  }
  const weights = releases.map((chunks) => new Uint8Array(chunks.flatMap((chunk) => [...chunk])));
  return { pin: await pinOf(root), generations, weights };
}

interface Key {
  readonly id: string;
  readonly publicHex: string;
  readonly privateKey: CryptoKey;
}

interface Keys {
  readonly root: Key;
  readonly model: { readonly pem: string; readonly hint: string; readonly privateKey: CryptoKey };
}

async function createKeys(): Promise<Keys> {
  const tuf = (await crypto.subtle.generateKey('Ed25519', true, [
    'sign',
    'verify',
  ])) as CryptoKeyPair;
  const publicHex = toHex(new Uint8Array(await crypto.subtle.exportKey('raw', tuf.publicKey)));
  const id = await sha256Hex(utf8(canonicalJson(tufKey(publicHex))));
  const model = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, [
    'sign',
    'verify',
  ]);
  const der = new Uint8Array(await crypto.subtle.exportKey('spki', model.publicKey));
  const lines = toBase64(der).match(/.{1,64}/g) ?? [];
  const pem = ['-----BEGIN PUBLIC KEY-----', ...lines, '-----END PUBLIC KEY-----', ''].join('\n');
  return {
    root: { id, publicHex, privateKey: tuf.privateKey },
    model: { pem, hint: await sha256Hex(utf8(pem)), privateKey: model.privateKey },
  };
}

function tufKey(publicHex: string) {
  return { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: publicHex } };
}

/** One key for all roles: these repositories are about storing, not about roles. */
function rootOf({ root, model }: Keys): object {
  const role = { keyids: [root.id], threshold: 1 };
  return {
    ...header('root', 1),
    consistent_snapshot: true,
    keys: { [root.id]: tufKey(root.publicHex) },
    roles: { root: role, timestamp: role, snapshot: role, targets: role },
    [MODEL_KEYS_FIELD]: { [model.hint]: model.pem },
  };
}

function header(type: string, version: number) {
  return { _type: type, spec_version: '1.0.31', version, expires: '2999-01-01T00:00:00Z' };
}

async function addMetadata(
  files: Map<string, Bytes>,
  version: number,
  targets: Record<string, object>,
  { root }: Keys,
): Promise<void> {
  const targetsFile = await signMetadata({ ...header('targets', version), targets }, root);
  const snapshot = {
    ...header('snapshot', version),
    meta: { 'targets.json': { version, ...(await describe(targetsFile)) } },
  };
  const snapshotFile = await signMetadata(snapshot, root);
  const timestamp = {
    ...header('timestamp', version),
    meta: { 'snapshot.json': { version, ...(await describe(snapshotFile)) } },
  };
  files.set(targetsPath(version), targetsFile);
  files.set(snapshotPath(version), snapshotFile);
  files.set(TIMESTAMP_PATH, await signMetadata(timestamp, root));
}

/** @returns name → SHA-256 of every file of the version */
export async function addFiles(
  files: Map<string, Bytes>,
  {
    release: { model, version, sequence },
    weights,
    changeLayout,
  }: {
    release: { model: string; version: string; sequence: number };
    weights: readonly Bytes[];
    changeLayout: (files: LayoutFiles) => void;
  },
): Promise<Map<string, string>> {
  const contents = new Map<string, readonly Bytes[]>([
    ['model.json', [utf8(JSON.stringify(specOf({ name: model, version, sequence })))]],
    ['golden.json', [utf8(JSON.stringify(GOLDEN))]],
    ['golden/x.bin', [new Uint8Array(16)]],
    ['golden/y.bin', [new Uint8Array(8)]],
    [WEIGHTS, weights],
  ]);
  const layout: LayoutFiles = {};
  const digests = new Map<string, string>();
  for (const [name, chunks] of contents) {
    layout[name] = [];
    for (const chunk of chunks) {
      const sha256 = await sha256Hex(chunk);
      layout[name].push([sha256, chunk.length]);
      files.set(chunkPath(sha256, { gzip: false }), chunk);
    }
    const whole = new Uint8Array(chunks.flatMap((chunk) => [...chunk]));
    digests.set(name, await sha256Hex(whole));
  }
  changeLayout(layout);
  const layoutFile = utf8(JSON.stringify({ format: 1, files: layout }));
  const sha256 = await sha256Hex(layoutFile);
  files.set(chunkPath(sha256, { gzip: false }), layoutFile);
  return digests.set('layout.json', sha256);
}

async function signMetadata(signed: object, { id, privateKey }: Key): Promise<Bytes> {
  const signature = await crypto.subtle.sign('Ed25519', privateKey, utf8(canonicalJson(signed)));
  const signatures = [{ keyid: id, sig: toHex(new Uint8Array(signature)) }];
  return utf8(JSON.stringify({ signed, signatures }));
}

async function signBundle(
  release: { model: string; version: string; sequence: number },
  digests: ReadonlyMap<string, string>,
  { hint, privateKey }: Keys['model'],
): Promise<Bytes> {
  const resources = [...digests].map(([name, digest]) => ({ name, algorithm: 'sha256', digest }));
  const all = resources.flatMap(({ digest }) => digest.match(/../g) ?? []);
  const subject = await sha256Hex(Uint8Array.from(all, (byte) => Number.parseInt(byte, 16)));
  const payload = utf8(
    JSON.stringify({
      _type: STATEMENT_TYPE,
      subject: [{ name: release.model, digest: { sha256: subject } }],
      predicateType: PREDICATE_TYPE,
      predicate: {
        serialization: { method: 'files', hash_type: 'sha256' },
        resources,
        [RELEASE_FIELD]: release,
      },
    }),
  );
  const signature = await crypto.subtle.sign(
    { name: 'ECDSA', hash: 'SHA-256' },
    privateKey,
    preAuthenticationEncoding(PAYLOAD_TYPE, payload),
  );
  return utf8(
    JSON.stringify({
      mediaType: BUNDLE_MEDIA_TYPE,
      verificationMaterial: { publicKey: { hint } },
      dsseEnvelope: {
        payload: toBase64(payload),
        payloadType: PAYLOAD_TYPE,
        signatures: [{ sig: toBase64(rawToDer(new Uint8Array(signature))) }],
      },
    }),
  );
}

/** r‖s → `SEQUENCE { r INTEGER, s INTEGER }`. */
function rawToDer(raw: Uint8Array): Uint8Array {
  const integer = (bytes: Uint8Array) => {
    const start = bytes.findIndex((byte) => byte !== 0);
    const magnitude = bytes.subarray(start);
    const padded = (magnitude[0] ?? 0) >= 0x80 ? [0, ...magnitude] : [...magnitude];
    return [0x02, padded.length, ...padded];
  };
  const content = [...integer(raw.subarray(0, 32)), ...integer(raw.subarray(32))];
  return Uint8Array.from([0x30, content.length, ...content]);
}

async function describe(bytes: Bytes) {
  return { length: bytes.length, hashes: { sha256: await sha256Hex(bytes) } };
}

function utf8(text: string): Bytes {
  return new TextEncoder().encode(text);
}

function toBase64(bytes: Uint8Array): string {
  const text = toBase64Url(bytes).replaceAll('-', '+').replaceAll('_', '/');
  return text.padEnd(Math.ceil(text.length / 4) * 4, '=');
}

function specOf(identity: { name: string; version: string; sequence: number }) {
  return {
    format: 1,
    ...identity,
    task: 'tensors',
    inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 4] }],
    outputs: [{ name: 'y', datatype: 'FP32', shape: [-1, 2] }],
    preprocessing: [],
    postprocessing: [],
    variants: [{ name: 'onnx', runtime: 'onnx', dtype: 'fp32', files: [WEIGHTS] }],
    limits: { memoryBytes: 1_000_000 },
  };
}

const GOLDEN = {
  format: 1,
  cases: [
    {
      name: 'one',
      inputs: { x: { datatype: 'FP32', shape: [1, 4], file: 'golden/x.bin' } },
      expected: { onnx: { y: { datatype: 'FP32', shape: [1, 2], file: 'golden/y.bin' } } },
    },
  ],
  tolerance: { onnx: { abs: 1e-5, rel: 1e-5 } },
};
