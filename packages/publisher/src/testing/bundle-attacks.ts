import { bundleName, chunkPath, targetPath } from '@nearside/artifact';
import type { Layout } from '@nearside/core';
import { sha256Hex } from '../files/digests.js';
import { type Attack, endingIn } from './attack.js';
import {
  editText,
  forgeRelease,
  type RepositoryFiles,
  type StolenKeys,
  strangeModelKey,
} from './forge.js';
import type { Story } from './story.js';

/** On signed bundles and what they list, by somebody who holds all keys of TUF. */
export function bundleAttacks({ first, second }: Story, stolen: StolenKeys): Attack[] {
  const { files } = second;
  const name = bundleName('tiny', '1.1.0');
  const bundle = files.get(targetPath(name, second.manifestSha256)) as Uint8Array;
  const older = first.files.get(
    targetPath(bundleName('tiny', '1.0.0'), first.manifestSha256),
  ) as Uint8Array;
  const identity = { model: 'tiny', version: '1.1.0', sequence: 2 };
  const offered = (forged: Uint8Array) =>
    forgeRelease(
      files,
      { name, bundle: forged, custom: { ...identity, state: 'stable', requires: { format: 1 } } },
      stolen,
    );
  const edited = (edit: (bundle: Bundle) => void) => {
    const parsed = parseBundle(bundle);
    edit(parsed);
    return offered(Buffer.from(JSON.stringify(parsed)));
  };
  const digests = new Map(resourcesOf(bundle).map(({ name, digest }) => [name, digest]));
  const other = { ...identity, model: 'other' };
  const weights = 'onnx/model.onnx';
  /** A layout that does not fit the digests beside it, signed by a true key. */
  const offeredLayout = (change: (files: Layout['files']) => void) =>
    offeredWith(files, { digests, identity, name }, stolen, (text) => {
      const layout = JSON.parse(text) as Layout;
      change(layout.files);
      return JSON.stringify(layout);
    });

  return [
    ...endingIn('digest-mismatch', {
      'another bundle in the place of the one that targets name': new Map(files).set(
        targetPath(name, second.manifestSha256),
        older,
      ),
    }),
    ...endingIn('bundle-mismatch', {
      'the bundle of the release before, offered as this one': offered(older),
      'the bundle of another model, signed by a true key': offered(
        stolen.model.sign(other, digests),
      ),
      'a layout of another version, signed by a true key': offered(
        stolen.model.sign(identity, withLayoutOf(digests, resourcesOf(older))),
      ),
      'a layout that makes weights of chunks of other files': offeredLayout((files) => {
        files[weights] = [...(files['MODEL.md'] ?? []), ...(files['model.json'] ?? [])];
      }),
      'a layout that names one chunk more than a thousand times': offeredLayout((files) => {
        files[weights] = Array(1500).fill(files[weights]?.[0]);
      }),
    }),
    ...endingIn('size-mismatch', {
      'a layout that gives a chunk a larger size': offeredLayout((files) => {
        (files[weights]?.[0] ?? [])[1] = 1_000_000;
      }),
    }),
    ...endingIn('model-key-unknown', {
      'a bundle signed by a key that root does not name': offered(
        strangeModelKey().sign(identity, digests),
      ),
    }),
    ...endingIn('signature-invalid', {
      'a bundle that names a true key and was signed by another': edited((parsed) => {
        const strange = parseBundle(strangeModelKey().sign(identity, digests));
        parsed.dsseEnvelope.signatures = strange.dsseEnvelope.signatures;
      }),
      'a bundle with an edited list of files': edited(({ dsseEnvelope }) => {
        const payload = Buffer.from(dsseEnvelope.payload, 'base64').toString();
        const changed = payload.replace('MODEL.md', 'MODEL.mD');
        dsseEnvelope.payload = Buffer.from(changed).toString('base64');
      }),
      'a bundle with a payload of other bytes': edited(({ dsseEnvelope }) => {
        dsseEnvelope.payload = 'AAAA';
      }),
      'a bundle with a signature that is no DER': edited(({ dsseEnvelope }) => {
        dsseEnvelope.signatures = [{ sig: 'AAAA' }];
      }),
    }),
    ...endingIn('metadata-malformed', {
      'a bundle signed by the key __proto__': edited((parsed) => {
        parsed.verificationMaterial.publicKey.hint = '__proto__';
      }),
      'a bundle with a key twice in one object': offered(
        Buffer.from(new TextDecoder().decode(bundle).replace('{', '{"mediaType":"x",')),
      ),
      'a bundle with a second signature': edited(({ dsseEnvelope }) =>
        dsseEnvelope.signatures.push({ sig: 'AAAA' }),
      ),
      'a release without a bundle': offered(new Uint8Array()),
      'a layout with a key twice, signed by a true key': offeredWith(
        files,
        { digests, identity, name },
        stolen,
        (layout) => layout.replace('{"format":1', '{"format":1,"format":1'),
      ),
    }),
    ...['A', 'AAAAA', '====', 'AA!A', ''].flatMap((payload) =>
      endingIn('metadata-malformed', {
        [`a bundle with the payload ${JSON.stringify(payload)}`]: edited(({ dsseEnvelope }) => {
          dsseEnvelope.payload = payload;
        }),
      }),
    ),
  ];
}

interface Bundle {
  verificationMaterial: { publicKey: { hint: string } };
  dsseEnvelope: { payload: string; signatures: { sig: string }[] };
}

function parseBundle(bundle: Uint8Array): Bundle {
  return JSON.parse(new TextDecoder().decode(bundle));
}

export function resourcesOf(bundle: Uint8Array): { name: string; digest: string }[] {
  const { dsseEnvelope } = parseBundle(bundle);
  return JSON.parse(Buffer.from(dsseEnvelope.payload, 'base64').toString()).predicate.resources;
}

function withLayoutOf(
  digests: ReadonlyMap<string, string>,
  resources: readonly { name: string; digest: string }[],
): Map<string, string> {
  const layout = resources.find(({ name }) => name === 'layout.json');
  return new Map(digests).set('layout.json', layout?.digest ?? '');
}

/** A release whose layout says what it should not. */
export function offeredWith(
  files: RepositoryFiles,
  {
    digests,
    identity,
    name,
  }: {
    digests: ReadonlyMap<string, string>;
    identity: { model: string; version: string; sequence: number };
    name: string;
  },
  stolen: StolenKeys,
  edit: (layout: string) => string,
): Map<string, Uint8Array> {
  const path = chunkPath(digests.get('layout.json') ?? '', { gzip: false });
  const layout = editText(files, path, (text) => edit(JSON.stringify(JSON.parse(text)))).get(
    path,
  ) as Uint8Array;
  const sha256 = sha256Hex(layout);
  const bundle = stolen.model.sign(identity, new Map(digests).set('layout.json', sha256));
  const custom = { ...identity, state: 'stable', requires: { format: 1 } };
  const forged = forgeRelease(files, { name, bundle, custom }, stolen);
  return forged.set(chunkPath(sha256, { gzip: false }), layout);
}
