/** Sent by a page to the worker that plays a tab. */
export interface TabOrder {
  readonly database: string;
  readonly pin: string;
  /** The files of the network. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** A request for this path is never answered. The tab then reports that it is `stuck`. */
  readonly stuckAt?: string | undefined;
  /** The tab begins this write and never learns of its end. It then is `stuck`. */
  readonly stopAtWrite?: number | undefined;
}

/** Sent by the tab, with the paths it has asked for so far. */
export interface TabNews {
  readonly type: 'stuck' | 'done' | 'failed';
  readonly requests: readonly string[];
  readonly version?: string | undefined;
  readonly error?: string | undefined;
}
