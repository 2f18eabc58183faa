import { createRequire } from 'node:module';
import { bundleFromJSON } from '@sigstore/bundle';
import { toSignedEntity, toTrustMaterial, Verifier } from '@sigstore/verify';
import { verdictOf } from './verdict.mjs';

const { version } = createRequire(import.meta.url)('@sigstore/verify/package.json');

/** A trusted root without authorities: keys are all that is trusted. */
const NO_AUTHORITIES = {
  mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
  certificateAuthorities: [],
  timestampAuthorities: [],
  tlogs: [],
  ctlogs: [],
};

/** Checks the shape of a bundle and its DSSE signature; what the statement says is not read. */
export const sigstore = {
  name: '@sigstore/verify',
  version,
  /** @param {{ bundle: Buffer, publicKeyPem: string, hint: string }} options */
  judgeBundle({ bundle, publicKeyPem, hint }) {
    return verdictOf(
      () => {
        const trusted = toTrustMaterial(NO_AUTHORITIES, (got) => {
          if (got !== hint) throw new Error(`key not found: ${got}`);
          return { publicKey: publicKeyPem, validFor: () => true };
        });
        const options = { tlogThreshold: 0, timestampThreshold: 0, ctlogThreshold: 0 };
        const entity = toSignedEntity(bundleFromJSON(JSON.parse(bundle.toString())));
        new Verifier(trusted, options).verify(entity);
      },
      (error) => error.code ?? error.constructor.name,
    );
  },
};
