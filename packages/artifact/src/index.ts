export { isModelPlace, isSecureAddress, type ModelAddress, splitModelAddress } from './address.js';
export type { Assignment } from './assignment.js';
export { LONGEST_TIMER_MS, startAwakeTimer } from './awake-timer.js';
export { canonicalJson } from './canonical-json.js';
export {
  type ChunkedFile,
  joinChunks,
  readChunks,
  type VerifiedFile,
} from './chunked-file.js';
export { maxBodyBytes, verifyChunkBody } from './chunks/chunk-body.js';
export { addBytes, pairChunks, subtractBytes } from './chunks/chunk-deltas.js';
export { freeBytes } from './free-bytes.js';
export {
  type GraphPart,
  graphFileName,
  parseGraphFile,
  type WeightCut,
  wholeBytes,
  writeGraphFile,
} from './graph-file.js';
export { randomHex } from './hex.js';
export type { UpdateCheck } from './installation/look-for-update.js';
export {
  type ModelInstallation,
  openModelInstallation,
} from './installation/model-installation.js';
export type { InstallationEvent } from './installation/model-on-device.js';
export type { OpenedRelease } from './installation/opened-release.js';
export { readHint } from './installation/peek-release.js';
export { askFirstFile, type BootAnswer } from './installation/read-boot-file.js';
export {
  addressPrefix,
  choiceKey,
  deathsKey,
  featuresKey,
  markPrefix,
  pointerKey,
  versionKey,
} from './installation/record-keys.js';
export { openSealedFiles, type SealedFiles } from './installation/sealed-files.js';
export { openSealedInstallation } from './installation/sealed-installation.js';
export type { StorageReport, StoredVersion } from './installation/storage-report.js';
export { integrityOf, readIntegrity, sequenceOfSeal } from './integrity.js';
export { LIMITS } from './limits.js';
export { mapLimited } from './map-limited.js';
export { type ModelVersion, specOfVersion } from './model-version.js';
export { type BootFile, parseBootFile } from './network/boot-file.js';
export { gunzip } from './network/gunzip.js';
export {
  type FetchOptions,
  type Mirror,
  openRepositorySource,
  type RepositorySource,
  type RequestOptions,
} from './network/repository-source.js';
export { startTransfer } from './network/transfer.js';
export {
  BUNDLE_MEDIA_TYPE,
  PAYLOAD_TYPE,
  PREDICATE_TYPE,
  preAuthenticationEncoding,
  RELEASE_FIELD,
  STATEMENT_TYPE,
} from './oms/bundle.js';
export {
  type Manifest,
  type ReleaseIdentity,
  type SignedManifest,
  verifyBundle,
} from './oms/verify-bundle.js';
export { parseJson } from './parse-json.js';
export { parseModelAddress } from './parse-model-address.js';
export {
  expectedBundle,
  listedTwice,
  modelNames,
  onOffer,
  type Release,
  type ReleaseCustom,
  releasesOf,
  shadowOnOffer,
} from './release.js';
export {
  bootPath,
  bundleName,
  chunkPath,
  deltaPath,
  requireSafeName,
  rootPath,
  sealPath,
  snapshotPath,
  TIMESTAMP_PATH,
  targetPath,
  targetsPath,
} from './repository-paths.js';
export { experimentOf, rolloutBucket } from './rollout-bucket.js';
export { readSeal, type Seal, writeSeal } from './seal.js';
export { sha256, sha256Hex } from './sha256.js';
export { openStore } from './stores/indexeddb-store.js';
export { createMemoryStore } from './stores/memory-store.js';
export { beginIn, type Database, peekStore } from './stores/peek-store.js';
export {
  type Metadata,
  MODEL_KEYS_FIELD,
  parseMetadata,
  type Role,
  type Root,
  type Snapshot,
  type TargetFile,
  type Targets,
  type Timestamp,
} from './tuf/metadata.js';
export { parseTrust, pinOf } from './tuf/parse-trust.js';
export { pinHex, pinPrefix, readPin } from './tuf/pin.js';
export { followRoots, refreshMetadata } from './tuf/refresh-metadata.js';
export { trustedKey as metadataKey } from './tuf/stored-metadata.js';
export { acceptFirstRoot, type TrustedMetadata } from './tuf/trusted-metadata.js';
export { validSigners } from './tuf/verify-signatures.js';
export { variantFiles } from './variant-files.js';
export { type VerifiedBytes, verifyBytes } from './verified-bytes.js';
export {
  chunksOf,
  digestOfLayout,
  LAYOUT_FILE,
  parseVersionLayout,
  requireFewRepeats,
} from './version-layout.js';
