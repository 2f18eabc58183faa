/** What the device refuses to exceed, so that a hostile server can cost neither memory nor time. */
export const LIMITS = Object.freeze({
  /** Root metadata, bytes. Ours is about 2.5 KB; room for many keys. */
  rootBytes: 512 * 1024,
  /** Timestamp metadata, bytes. It names one file. */
  timestampBytes: 16 * 1024,
  /** Snapshot metadata where timestamp gives no length, bytes. */
  snapshotBytes: 512 * 1024,
  /** Targets metadata where snapshot gives no length, bytes: some 5,000 releases. */
  targetsBytes: 4 * 1024 * 1024,
  /** An OMS bundle, bytes: some 10,000 files. */
  bundleBytes: 2 * 1024 * 1024,
  /** A boot file, bytes: 32 KB gzip when we write it, which base64 and small golden tensors make of. */
  bootBytes: 256 * 1024,
  /** layout.json, bytes: some 50,000 chunks, 200 GB of weights. */
  layoutBytes: 4 * 1024 * 1024,
  /** Roots followed in one refresh (TUF 5.3.3 asks for a limit). */
  rootRotations: 256,
  /** A transfer that brings no byte for this long is given up, ms. */
  stallMs: 30_000,
  /** Chunks fetched at the same time: HTTP/1.1 browsers open six connections per host. */
  parallelChunks: 4,
});
