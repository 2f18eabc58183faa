/** Sound as plain numbers. */
export interface Sound {
  /** One array for each channel, all of one length; full scale is −1 to 1. */
  readonly channels: readonly Float32Array<ArrayBuffer>[];
  readonly sampleRateHz: number;
}
