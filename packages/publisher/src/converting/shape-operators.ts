import { modelInvalid } from '../errors/model-invalid.js';
import { type Layout, TO_NCHW } from './onnx-graph.js';
import type { Convert, OperatorToConvert } from './operator-to-convert.js';

/** Operators that move elements, or join or reduce them along axes. */
export const SHAPE_OPERATORS: Readonly<Record<string, Convert>> = {
  RESHAPE: reshape,
  SQUEEZE: reshape,
  EXPAND_DIMS: reshape,
  CONCATENATION: concatenate,
  PAD: (operator) => pad(operator, []),
  PADV2: (operator) => pad(operator, [operator.graph.value(operator.input(2), 'nhwc')]),
  MEAN: (operator) => reduce(operator, 'ReduceMean'),
  REDUCE_MAX: (operator) => reduce(operator, 'ReduceMax'),
  TRANSPOSE: (operator) => {
    const perm = operator.axes(operator.integers(operator.input(1)), operator.input(0));
    const inputs = [operator.graph.value(operator.input(0), 'nhwc')];
    operator.defineOutput('nhwc', { operator: 'Transpose', inputs, integers: { perm } });
  },
};

/** The file has the shape of each result. */
function reshape(operator: OperatorToConvert): void {
  const { graph } = operator;
  const shape = graph.int64s(operator.shape(operator.output));
  const inputs = [graph.value(operator.input(0), 'nhwc'), shape];
  operator.defineOutput('nhwc', { operator: 'Reshape', inputs });
}

/** @returns the place of one of TFLite's axes in a layout */
function inLayout(axis: number, layout: Layout): number {
  return layout === 'nhwc' ? axis : TO_NCHW.indexOf(axis as 0);
}

function concatenate(operator: OperatorToConvert): void {
  const { graph, of } = operator;
  const places = of.inputs.map((_, index) => operator.input(index));
  const layout = graph.layoutOf(places);
  const [axis] = operator.axes([operator.integer(0)], operator.output) as [number];
  const inputs = places.map((place) => graph.value(place, layout));
  const node = { operator: 'Concat', inputs, integers: { axis: inLayout(axis, layout) } };
  operator.defineOutput(layout, node, operator.choice(1));
}

function pad(operator: OperatorToConvert, filling: readonly string[]): void {
  const { graph } = operator;
  const place = operator.input(0);
  const layout = graph.layoutOf([place]);
  const widths = operator.integers(operator.input(1)); // before and after, by axis
  const axes = operator.shape(place).map((_, axis) => axis);
  if (widths.length !== axes.length * 2 || widths.some((width) => width < 0)) {
    throw modelInvalid(`expected two widths for each of ${axes.length} axes, got ${widths}.`, {});
  }
  const ordered = layout === 'nhwc' ? axes : TO_NCHW;
  const pads = [0, 1].flatMap((side) => ordered.map((axis) => widths[axis * 2 + side] as number));
  const inputs = [graph.value(place, layout), graph.int64s(pads), ...filling];
  operator.defineOutput(layout, { operator: 'Pad', inputs });
}

function reduce(operator: OperatorToConvert, named: string): void {
  const { graph } = operator;
  const place = operator.input(0);
  const axes = operator.axes(operator.integers(operator.input(1)), place);
  const keepsAxes = operator.choice(0) !== 0;
  const [height, width] = [1, 2];
  const isOfPictures = axes.length === 2 && axes.includes(height) && axes.includes(width);
  const layout = isOfPictures ? graph.layoutOf([place]) : 'nhwc';
  const node = {
    operator: named,
    inputs: [graph.value(place, layout)],
    integers: { axes: axes.map((axis) => inLayout(axis, layout)), keepdims: keepsAxes ? 1 : 0 },
  };
  operator.defineOutput(keepsAxes ? layout : 'nhwc', node);
}
