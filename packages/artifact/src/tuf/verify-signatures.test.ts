import { expect, onTestFinished, test, vi } from 'vitest';
import { rootPath } from '../repository-paths.js';
import { signRepository } from '../testing/sign-repository.js';
import { acceptFirstRoot } from './trusted-metadata.js';

const { pin, generations } = await signRepository([[new Uint8Array(8)]]);
const root = generations[0]?.get(rootPath(1)) as Uint8Array<ArrayBuffer>;

test('a browser whose WebCrypto has no Ed25519 is told apart from a signature that does not hold', async () => {
  expect((await acceptFirstRoot(root, pin)).root.version).toBe(1);
  withoutEd25519();
  await expect(acceptFirstRoot(root, pin)).rejects.toMatchObject({
    code: 'crypto-unsupported',
    cause: { name: 'NotSupportedError' },
  });
});

/** As older browsers answer (Web Cryptography API, “normalize an algorithm”). */
function withoutEd25519(): void {
  const { subtle } = globalThis.crypto;
  const importKey = subtle.importKey.bind(subtle) as (...given: unknown[]) => Promise<CryptoKey>;
  const spy = vi.spyOn(subtle, 'importKey').mockImplementation((async (...given: unknown[]) => {
    if ((given[2] as Algorithm).name !== 'Ed25519') return importKey(...given);
    throw new DOMException('Unrecognized name.', 'NotSupportedError');
  }) as typeof subtle.importKey);
  onTestFinished(() => spy.mockRestore());
}
