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

/** A thing that a model found in a picture. */
export interface FoundObject<Label extends string = string> {
  /** Upright and within the picture given, in its pixels. */
  readonly box: {
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  };
  /** Points of it in the picture's pixels, such as the eyes of a face: a model has its own. They may lie outside. */
  readonly points?: readonly Point[] | undefined;
  readonly label: Label;
  /** 0 to 1. */
  readonly score: number;
}

/** A box that a detector puts around an object, in pixels of the model's input. Many may be around one object. */
export interface Detection {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  readonly points: readonly Point[];
  /** Index of the class. */
  readonly id: number;
  /** 0 to 1. */
  readonly score: number;
}
