/** What a page tells the worker that plays a tab. */
export interface TabOrder {
  readonly database: string;
  readonly pin: string;
  /** What the network holds. */
  readonly files: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** The path whose request is never answered; the tab then tells that it is `stuck`. */
  readonly stuckAt?: string | undefined;
  /** The write that the tab still begins, but never learns the end of; it then is `stuck`. */
  readonly stopAtWrite?: number | undefined;
}

/** What the tab tells, with the paths it has asked for so far. */
export interface TabNews {
  readonly type: 'stuck' | 'done' | 'failed';
  readonly requests: readonly string[];
  readonly version?: string | undefined;
  readonly error?: string | undefined;
}
