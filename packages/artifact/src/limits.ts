/** A boot file, bytes. We write at most 32 KB gzip, which unpack to more. */
export const BOOT_BYTES = 256 * 1024;

/** The device refuses to exceed these limits, so that a hostile server can cost neither memory nor time. */
export const LIMITS = /* @__PURE__ */ Object.freeze({
  /** Root metadata, bytes. Ours is about 2.5 KB, so there is room for many keys. */
  rootBytes: 512 * 1024,
  /** Timestamp metadata, bytes. It names one file. */
  timestampBytes: 16 * 1024,
  /** Snapshot metadata where timestamp gives no length, bytes. */
  snapshotBytes: 512 * 1024,
  /** Targets metadata where snapshot gives no length, bytes: some 5,000 releases. */
  targetsBytes: 4 * 1024 * 1024,
  /** An OMS bundle, or a seal, bytes: some 10,000 files. */
  bundleBytes: 2 * 1024 * 1024,
  bootBytes: BOOT_BYTES,
  /** layout.json, bytes: some 50,000 chunks, 200 GB of weights. */
  layoutBytes: 4 * 1024 * 1024,
  /** model.json and golden.json, bytes each, as in `pack`. They are read before all else. */
  describingBytes: 64 * 1024 * 1024,
  /** Roots followed in one refresh (TUF 5.3.3 asks for a limit). */
  rootRotations: 256,
  /** A transfer must bring `windowBytes` every `windowMs`, or be at its end: about 0.5 KB/s. */
  windowMs: 30_000,
  windowBytes: 16 * 1024,
  /** All transfers of a first open together must bring `paceBytes` within `paceMs`: 4 KiB/s. */
  paceMs: 120_000,
  paceBytes: 480 * 1024,
  /** Rounds over the sources of one chunk before it is given up; the pause doubles from `pauseMs`. */
  fetchRounds: 4,
  /** Longest pause before the second round, ms; the actual one is drawn below it (full jitter). */
  pauseMs: 500,
  /** Metadata that any tab refreshed so recently is not refreshed again, ms. */
  freshMs: 60_000,
  /** Another tab that looks for a version, or downloads, is not waited for if it brings nothing for this long, ms. */
  followMs: 60_000,
  /** Chunks of one file fetched at the same time: browsers open six HTTP/1.1 connections per host. */
  parallelChunks: 4,
  /** Files read at the same time; most are one chunk. */
  parallelFiles: 2,
});
