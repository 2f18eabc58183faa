import { bundleName, chunkPath, targetPath } from '@nearside/artifact';
import type { Layout } from '@nearside/core';
import { sha256Hex } from '../files/digests.js';
import type { Attack } from './attack.js';
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
    const parsed = JSON.parse(new TextDecoder().decode(bundle)) as Bundle;
    edit(parsed);
    return offered(Buffer.from(JSON.stringify(parsed)));
  };
  const digests = new Map(resourcesOf(bundle).map(({ name, digest }) => [name, digest]));
  const other = { ...identity, model: 'other' };

  return [
    {
      name: 'another bundle in the place of the one that targets name',
      files: new Map(files).set(targetPath(name, second.manifestSha256), older),
      first: 'digest-mismatch',
    },
    {
      name: 'the bundle of the release before, offered as this one',
      files: offered(older),
      first: 'bundle-mismatch',
    },
    {
      name: 'the bundle of another model, signed by a true key',
      files: offered(stolen.model.sign(other, digests)),
      first: 'bundle-mismatch',
    },
    {
      name: 'a bundle signed by a key that root does not name',
      files: offered(strangeModelKey().sign(identity, digests)),
      first: 'model-key-unknown',
    },
    {
      name: 'a bundle that names a true key and was signed by another',
      files: edited((parsed) => {
        const strange = JSON.parse(
          new TextDecoder().decode(strangeModelKey().sign(identity, digests)),
        );
        parsed.dsseEnvelope.signatures = strange.dsseEnvelope.signatures;
      }),
      first: 'signature-invalid',
    },
    {
      name: 'a bundle with an edited list of files',
      files: edited(({ dsseEnvelope }) => {
        const payload = Buffer.from(dsseEnvelope.payload, 'base64').toString();
        dsseEnvelope.payload = Buffer.from(payload.replace('MODEL.md', 'MODEL.mD')).toString(
          'base64',
        );
      }),
      first: 'signature-invalid',
    },
    {
      name: 'a bundle signed by the key __proto__',
      files: edited((parsed) => {
        parsed.verificationMaterial.publicKey.hint = '__proto__';
      }),
      first: 'metadata-malformed',
    },
    {
      name: 'a bundle with a key twice in one object',
      files: offered(
        Buffer.from(new TextDecoder().decode(bundle).replace('{', '{"mediaType":"x",')),
      ),
      first: 'metadata-malformed',
    },
    {
      name: 'a bundle with a second signature',
      files: edited(({ dsseEnvelope }) => dsseEnvelope.signatures.push({ sig: 'AAAA' })),
      first: 'metadata-malformed',
    },
    ...['A', 'AAAAA', '====', 'AA!A', ''].map((payload) => ({
      name: `a bundle with the payload ${JSON.stringify(payload)}`,
      files: edited(({ dsseEnvelope }) => {
        dsseEnvelope.payload = payload;
      }),
      first: 'metadata-malformed' as const,
    })),
    {
      name: 'a bundle with a payload of other bytes',
      files: edited(({ dsseEnvelope }) => {
        dsseEnvelope.payload = 'AAAA';
      }),
      first: 'signature-invalid',
    },
    {
      name: 'a bundle with a signature that is no DER',
      files: edited(({ dsseEnvelope }) => {
        dsseEnvelope.signatures = [{ sig: 'AAAA' }];
      }),
      first: 'signature-invalid',
    },
    {
      name: 'a release without a bundle',
      files: offered(new Uint8Array()),
      first: 'metadata-malformed',
    },
    {
      name: 'a layout of another version, signed by a true key',
      files: offered(stolen.model.sign(identity, withLayoutOf(digests, resourcesOf(older)))),
      first: 'bundle-mismatch',
    },
    {
      name: 'a layout with a key twice, signed by a true key',
      files: offeredWith(files, { digests, identity, name }, stolen, (layout) =>
        layout.replace('{"format":1', '{"format":1,"format":1'),
      ),
      first: 'metadata-malformed',
    },
    ...layoutAttacks((change) =>
      offeredWith(files, { digests, identity, name }, stolen, (text) => {
        const layout = JSON.parse(text) as Layout;
        change(layout.files);
        return JSON.stringify(layout);
      }),
    ),
  ];
}

/** Layouts that do not fit the digests beside them, signed by a true key. */
function layoutAttacks(
  offeredLayout: (change: (files: Layout['files']) => void) => RepositoryFiles,
): Attack[] {
  const weights = 'onnx/model.onnx';
  return [
    {
      name: 'a layout that makes weights of chunks of other files',
      files: offeredLayout((files) => {
        files[weights] = [...(files['MODEL.md'] ?? []), ...(files['model.json'] ?? [])];
      }),
      first: 'bundle-mismatch',
    },
    {
      name: 'a layout that names one chunk more than a thousand times',
      files: offeredLayout((files) => {
        files[weights] = Array(1500).fill(files[weights]?.[0]);
      }),
      first: 'bundle-mismatch',
    },
    {
      name: 'a layout that gives a chunk a larger size',
      files: offeredLayout((files) => {
        (files[weights]?.[0] ?? [])[1] = 1_000_000;
      }),
      first: 'size-mismatch',
    },
  ];
}

interface Bundle {
  verificationMaterial: { publicKey: { hint: string } };
  dsseEnvelope: { payload: string; signatures: { sig: string }[] };
}

export function resourcesOf(bundle: Uint8Array): { name: string; digest: string }[] {
  const { dsseEnvelope } = JSON.parse(new TextDecoder().decode(bundle)) as Bundle;
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
