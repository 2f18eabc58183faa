import type { Size } from './target-size.js';

/** MediaPipe's `SsdAnchorsCalculatorOptions`, under its names. */
export interface AnchorOptions {
  readonly input_size_width: number;
  readonly input_size_height: number;
  /** From one anchor to the next, for each layer. */
  readonly strides: readonly number[];
  readonly min_scale: number;
  readonly max_scale: number;
  readonly aspect_ratios: readonly number[];
  readonly interpolated_scale_aspect_ratio: number;
  readonly anchor_offset_x: number;
  readonly anchor_offset_y: number;
  readonly reduce_boxes_in_lowest_layer: boolean;
  readonly fixed_anchor_size: boolean;
}

/** Scale of the square that a reduced lowest layer has besides its two longer boxes. */
const REDUCED_SCALE = 0.1;

/** Layers of one stride that follow each other: a grid whose cells have the anchors of them all. */
interface Grid {
  readonly columns: number;
  readonly rows: number;
  readonly shapes: readonly Size[];
}

/**
 * The boxes that a detector's are relative to (Liu et al., SSD, ECCV 2016, section 2.2), in the order of MediaPipe's
 * `SsdAnchorsCalculator`: grid by grid, row by row.
 *
 * @returns [anchors, 4]: middle x, middle y, width, height, each as a share of the input's
 */
export function makeAnchors(options: AnchorOptions): Float64Array<ArrayBuffer> {
  const { anchor_offset_x, anchor_offset_y } = options;
  const anchors = new Float64Array(4 * countAnchors(options));
  let i = 0;
  for (const { columns, rows, shapes } of gridsOf(options)) {
    for (let row = 0; row < rows; row++) {
      const y = (row + anchor_offset_y) / rows;
      for (let column = 0; column < columns; column++) {
        const x = (column + anchor_offset_x) / columns;
        for (const { width, height } of shapes) {
          anchors[i++] = x;
          anchors[i++] = y;
          anchors[i++] = width;
          anchors[i++] = height;
        }
      }
    }
  }
  return anchors;
}

export function countAnchors(options: AnchorOptions): number {
  return gridsOf(options).reduce(
    (count, { columns, rows, shapes }) => count + columns * rows * shapes.length,
    0,
  );
}

function gridsOf(options: AnchorOptions): readonly Grid[] {
  const { strides, input_size_width, input_size_height } = options;
  const grids: Grid[] = [];
  for (const [layer, stride] of strides.entries()) {
    const shapes = shapesOf(layer, options);
    const before = stride === strides[layer - 1] ? grids.pop()?.shapes : undefined;
    grids.push({
      columns: Math.ceil(input_size_width / stride),
      rows: Math.ceil(input_size_height / stride),
      shapes: [...(before ?? []), ...shapes],
    });
  }
  return grids;
}

/** Anchors of a layer's cell: one for each aspect ratio, and one between this layer's scale and the next one's. */
function shapesOf(layer: number, options: AnchorOptions): readonly Size[] {
  const { strides, min_scale, max_scale, aspect_ratios, fixed_anchor_size } = options;
  const last = strides.length - 1;
  const scaleOf = (one: number) =>
    last === 0 ? (min_scale + max_scale) / 2 : min_scale + ((max_scale - min_scale) * one) / last;
  const shape = (scale: number, ratio: number): Size =>
    fixed_anchor_size
      ? { width: 1, height: 1 }
      : { width: scale * Math.sqrt(ratio), height: scale / Math.sqrt(ratio) };
  const scale = scaleOf(layer);
  if (layer === 0 && options.reduce_boxes_in_lowest_layer) {
    return [shape(REDUCED_SCALE, 1), shape(scale, 2), shape(scale, 0.5)];
  }
  const shapes = aspect_ratios.map((ratio) => shape(scale, ratio));
  const between = options.interpolated_scale_aspect_ratio;
  if (between === 0) return shapes;
  const next = layer === last ? 1 : scaleOf(layer + 1);
  return [...shapes, shape(Math.sqrt(scale * next), between)];
}
