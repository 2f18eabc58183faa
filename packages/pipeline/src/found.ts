/** A point of the picture given, in pixels. */
export type Point = readonly [x: number, y: number];

/** A part of the picture given that a model found. */
export interface FoundBox {
  /** Clockwise, from what is the upper left corner for whoever reads it. */
  readonly points: readonly [Point, Point, Point, Point];
  /** 0 to 1. */
  readonly score: number;
}

/** Text that a model read in one item. */
export interface FoundText {
  readonly text: string;
  /** 0 to 1. */
  readonly score: number;
}
