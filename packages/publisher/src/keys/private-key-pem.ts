import { createCipheriv, type KeyObject, pbkdf2Sync, randomBytes } from 'node:crypto';

/**
 * PBKDF2 rounds for HMAC-SHA-256, from OWASP's Password Storage Cheat Sheet (2023). Node's own export always makes
 * 2,048. Only tests change this, because they make many keys.
 */
export const keyDerivation = { iterations: 600_000 };

const BYTES = { salt: 16, iv: 16, key: 32 } as const;

/**
 * A private key as a PEM file: PKCS #8, with a passphrase encrypted as RFC 8018 describes (PBES2:
 * PBKDF2 with HMAC-SHA-256, AES-256-CBC), which openssl and every common library read.
 */
export function privateKeyPem(key: KeyObject, passphrase: string | undefined): string {
  if (passphrase === undefined) return key.export({ type: 'pkcs8', format: 'pem' }).toString();
  const { iterations } = keyDerivation;
  const salt = randomBytes(BYTES.salt);
  const iv = randomBytes(BYTES.iv);
  const secret = pbkdf2Sync(passphrase, salt, iterations, BYTES.key, 'sha256');
  const cipher = createCipheriv('aes-256-cbc', secret, iv);
  const content = key.export({ type: 'pkcs8', format: 'der' });
  const encrypted = Buffer.concat([cipher.update(content), cipher.final()]);
  // EncryptedPrivateKeyInfo of RFC 5958, section 3, with the parameters of RFC 8018, appendices A.2 and A.4.
  const derivation = sequence(
    OID.pbkdf2,
    sequence(octets(salt), integer(iterations), sequence(OID.hmacWithSha256, NULL)),
  );
  const scheme = sequence(derivation, sequence(OID.aes256Cbc, octets(iv)));
  return toPem(sequence(sequence(OID.pbes2, scheme), octets(encrypted)));
}

const NULL = Buffer.from([5, 0]);

/** Object identifiers in DER; 1.2.840.113549.1.5.13, .1.5.12, .2.9 and 2.16.840.1.101.3.4.1.42. */
const OID = {
  pbes2: Buffer.from('06092a864886f70d01050d', 'hex'),
  pbkdf2: Buffer.from('06092a864886f70d01050c', 'hex'),
  hmacWithSha256: Buffer.from('06082a864886f70d0209', 'hex'),
  aes256Cbc: Buffer.from('060960864801650304012a', 'hex'),
} as const;

function sequence(...items: Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(items));
}

function octets(bytes: Buffer): Buffer {
  return tagged(0x04, bytes);
}

function integer(value: number): Buffer {
  const hex = value.toString(16);
  const bytes = Buffer.from(hex.padStart(hex.length + (hex.length % 2), '0'), 'hex');
  // DER integers are signed: a set first bit would make it negative.
  return tagged(0x02, (bytes[0] ?? 0) > 127 ? Buffer.concat([Buffer.from([0]), bytes]) : bytes);
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const header =
    length < 128
      ? [tag, length]
      : length < 256
        ? [tag, 0x81, length]
        : [tag, 0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from(header), content]);
}

function toPem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  const label = 'ENCRYPTED PRIVATE KEY';
  return [`-----BEGIN ${label}-----`, ...lines, `-----END ${label}-----`, ''].join('\n');
}
