import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sha256 } from '../metadata-signer.mjs';
import { malformedSignatures, mirrored, rawOf } from './der-signatures.mjs';
import {
  base64,
  bundleOf,
  edit,
  flipped,
  payloadOf,
  resign,
  signatureOf,
  withSignature,
} from './edit-bundle.mjs';

/**
 * OMS bundles, good and bad. Statements that are wrong are signed with the model key all the
 * same: who holds it can sign anything, but not everything must be taken.
 *
 * @param {import('../good-repository.mjs').GoodRepository} good
 * @returns {Promise<{ publicKeyPem: string, hint: string, cases: import('./case.mjs').BundleCase[] }>}
 */
export async function bundleCases({ first, second, targets, keyDirectory }) {
  const modelKey = createPrivateKey(await readFile(join(keyDirectory, 'model.pem'), 'utf8'));
  const publicKeyPem = createPublicKey(modelKey).export({ type: 'spki', format: 'pem' }).toString();
  const good = bundleOf(second, targets[0]);
  const signed = (change, options) => resign(good, modelKey, { change, ...options });
  const cases = [
    ...honestBundles(good, signed),
    ...editedBundles(good, modelKey),
    ...wrongStatements(signed, bundleOf(first, targets[1])),
    ...envelopeCases(good, signed),
    ...malformedSignatures(signatureOf(good)).map(([name, signature]) =>
      rejected(`DER signature: ${name}`, withSignature(good, signature)),
    ),
    rejected(
      'raw r and s, as WebCrypto writes them',
      withSignature(good, rawOf(signatureOf(good))),
      {},
      {
        cosign: 'cosign takes both forms; Sigstore bundles hold DER',
      },
    ),
  ];
  return { publicKeyPem, hint: sha256(publicKeyPem), cases };
}

const NO_STATEMENT = {
  '@sigstore/verify':
    '@sigstore/verify checks the signature and leaves the statement to its caller',
  openssl: 'openssl checks the signature only',
};
const NO_PREDICATE = {
  ...NO_STATEMENT,
  cosign: 'cosign compares subject and predicate type and does not read the predicate',
};
const NO_ENVELOPE = { openssl: 'openssl gets one signature and one text, no envelope' };

function honestBundles(good, signed) {
  return [
    accepted('as published', good),
    accepted(
      'unknown predicate fields',
      signed((statement) => {
        statement.predicate['x-new'] = { nested: [1.5, null] };
      }),
    ),
    accepted(
      'signature with the other s of the same r',
      withSignature(good, mirrored(signatureOf(good))),
    ),
    accepted(
      'key id beside the signature',
      edit(good, (bundle) => {
        bundle.dsseEnvelope.signatures[0].keyid = 'a label';
      }),
      {},
      {
        cosign: 'cosign wants a DSSE key id to be empty or its own of that key; we leave it empty',
      },
    ),
  ];
}

function editedBundles(good, modelKey) {
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const hint = sha256(stranger.publicKey.export({ type: 'spki', format: 'pem' }));
  const strangerSigned = resign(good, stranger.privateKey);
  const ofPayload = sign('sha256', payloadOf(good), modelKey);
  return [
    rejected(
      'payload edited',
      edit(good, ({ dsseEnvelope }) => {
        const text = Buffer.from(dsseEnvelope.payload, 'base64').toString();
        dsseEnvelope.payload = base64(text.replace('"1.1.0"', '"1.1.9"'));
      }),
    ),
    rejected('signature edited', withSignature(good, flipped(signatureOf(good)))),
    rejected('signed by another key under our key’s hint', strangerSigned),
    rejected(
      'signed by another key under its own hint',
      edit(strangerSigned, (bundle) => {
        bundle.verificationMaterial.publicKey.hint = hint;
      }),
    ),
    rejected('signature over the payload without its type', withSignature(good, ofPayload)),
    rejected(
      'payload type edited, signature stale',
      edit(good, ({ dsseEnvelope }) => {
        dsseEnvelope.payloadType = 'application/vnd.in-toto+jsom';
      }),
    ),
  ];
}

function wrongStatements(signed, older) {
  const set = (fields) => signed((statement) => Object.assign(statement, fields));
  const resources = (change) =>
    signed(({ predicate, ...statement }) => change(predicate.resources, statement));
  return [
    rejected(
      'predicate type of something else',
      set({ predicateType: 'https://slsa.dev/provenance/v1' }),
      NO_STATEMENT,
      {
        cosign: 'cosign 2.5 does not compare `--type` in the new bundle format',
      },
    ),
    rejected(
      'no in-toto statement',
      set({ _type: 'https://in-toto.io/Statement/v9' }),
      NO_STATEMENT,
      {
        cosign: 'cosign reads any statement version as if it were 1',
      },
    ),
    rejected(
      'subject of other files',
      signed(({ subject }) => {
        subject[0].digest.sha256 = 'ab'.repeat(32);
      }),
      NO_STATEMENT,
    ),
    rejected('no subject', set({ subject: [] }), NO_STATEMENT),
    rejected(
      'two subjects',
      signed(({ subject }) => subject.push(subject[0])),
      NO_STATEMENT,
      {
        cosign: 'cosign takes any one of several subjects; OMS writes exactly one',
      },
    ),
    rejected('bundle of another version of the model', older, NO_STATEMENT),
    rejected('bundle of another model', signed(ofAnotherModel), NO_STATEMENT),
    rejected(
      'the same files as another model',
      signed(({ predicate }) => {
        predicate['x-nearside-release'].model = 'letters';
      }),
      NO_PREDICATE,
    ),
    rejected(
      'files not as the subject says',
      resources((files) => {
        files[0].digest = 'ab'.repeat(32);
      }),
      NO_PREDICATE,
    ),
    rejected(
      'file name that leads out of the folder',
      resources((files) => {
        files[0].name = '../model.json';
      }),
      NO_PREDICATE,
    ),
    rejected(
      'one file twice',
      resources((files) => {
        files[1].name = files[0].name;
      }),
      NO_PREDICATE,
    ),
    rejected(
      'a JSON key twice in the statement',
      signed(undefined, {
        rewrite: (text) => text.replace('{', '{"predicateType":"https://slsa.dev/provenance/v1",'),
      }),
      NO_STATEMENT,
    ),
    rejected(
      'payload that is no JSON',
      signed(undefined, { rewrite: (text) => text.slice(0, -1) }),
      NO_STATEMENT,
    ),
  ];
}

/** Other files under another name, all of it consistent. */
function ofAnotherModel(statement) {
  const { resources } = statement.predicate;
  for (const resource of resources) resource.digest = sha256(resource.digest);
  const digests = resources.map(({ digest }) => digest).join('');
  statement.subject = [
    { name: 'letters', digest: { sha256: sha256(Buffer.from(digests, 'hex')) } },
  ];
  statement.predicate['x-nearside-release'] = { model: 'letters', version: '1.1.0', sequence: 2 };
}

function envelopeCases(good, signed) {
  const other = { payloadType: 'application/json' };
  const change = (name, apply, notVisible = NO_ENVELOPE) =>
    rejected(name, edit(good, apply), notVisible);
  return [
    rejected('payload type of something else', signed(undefined, other), {
      ...NO_ENVELOPE,
      '@sigstore/verify': NO_STATEMENT['@sigstore/verify'],
    }),
    change('two signatures', ({ dsseEnvelope }) =>
      dsseEnvelope.signatures.push({ ...dsseEnvelope.signatures[0] }),
    ),
    change('no signature', ({ dsseEnvelope }) => {
      dsseEnvelope.signatures = [];
    }),
    change('empty payload', ({ dsseEnvelope }) => {
      dsseEnvelope.payload = '';
    }),
    change('media type of something else', (bundle) => {
      bundle.mediaType = 'application/json';
    }),
    change('no key hint', ({ verificationMaterial }) => {
      delete verificationMaterial.publicKey;
    }),
    rejected('a JSON key twice in the envelope', payloadTwice(good), NO_ENVELOPE, {
      '@sigstore/verify': 'JSON.parse takes the last of two equal keys',
    }),
    rejected('no JSON', good.subarray(0, -1), NO_ENVELOPE),
    rejected('emptied', Buffer.alloc(0), NO_ENVELOPE),
  ];
}

/** The first `payload` is another one; which of the two counts is the reader's choice. */
function payloadTwice(bundle) {
  const text = bundle.toString();
  return Buffer.from(text.replace('"payload":', `"payload":"${base64('{}')}","payload":`));
}

function accepted(name, bundle, notVisible = {}, exceptions = {}) {
  return { name, expected: 'accept', bundle, notVisible, exceptions };
}

function rejected(name, bundle, notVisible = {}, exceptions = {}) {
  return { name, expected: 'reject', bundle, notVisible, exceptions };
}
