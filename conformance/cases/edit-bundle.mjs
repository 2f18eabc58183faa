import { sign } from 'node:crypto';
import { need } from '../repository-files.mjs';

/** The bundle of a target as it lies in the repository. */
export function bundleOf(files, target) {
  const path = [...files.keys()].find((name) => name.endsWith(`.${target}`));
  return need(files, path ?? target);
}

/** @param {(bundle: any) => void} change in place */
export function edit(bundle, change) {
  const value = JSON.parse(bundle.toString());
  change(value);
  return Buffer.from(JSON.stringify(value));
}

/** Signs a changed statement as the holder of a key would. */
export function resign(
  bundle,
  privateKey,
  {
    change = () => {},
    rewrite = (text) => text,
    payloadType = 'application/vnd.in-toto+json',
  } = {},
) {
  const statement = JSON.parse(payloadOf(bundle).toString());
  change(statement);
  const payload = Buffer.from(rewrite(JSON.stringify(statement)));
  const head = `DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `;
  const signature = sign('sha256', Buffer.concat([Buffer.from(head), payload]), privateKey);
  return edit(bundle, ({ dsseEnvelope }) => {
    Object.assign(dsseEnvelope, { payload: base64(payload), payloadType });
    dsseEnvelope.signatures[0].sig = base64(signature);
  });
}

export function withSignature(bundle, signature) {
  return edit(bundle, ({ dsseEnvelope }) => {
    dsseEnvelope.signatures[0].sig = base64(signature);
  });
}

export function payloadOf(bundle) {
  return Buffer.from(JSON.parse(bundle.toString()).dsseEnvelope.payload, 'base64');
}

export function signatureOf(bundle) {
  return Buffer.from(JSON.parse(bundle.toString()).dsseEnvelope.signatures[0].sig, 'base64');
}

export function flipped(signature) {
  const copy = Buffer.from(signature);
  copy[copy.length - 1] ^= 1;
  return copy;
}

export function base64(bytes) {
  return Buffer.from(bytes).toString('base64');
}
