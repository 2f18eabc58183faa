/** How far long work has come, in bytes of the files it goes through. */
export interface Progress {
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export type OnProgress = (progress: Progress) => void;
