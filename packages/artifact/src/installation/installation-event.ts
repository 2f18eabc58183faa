/** What an installation tells while it works. */
export type InstallationEvent =
  | { readonly type: 'chunk-healed'; readonly sha256: string }
  | { readonly type: 'metadata-stale'; readonly role: string; readonly expires: string }
  | { readonly type: 'version-unsupported'; readonly version: string; readonly sequence: number }
  | {
      readonly type: 'storage-evicted';
      readonly model: string;
      readonly version: string;
      readonly sizeBytes: number;
    };
