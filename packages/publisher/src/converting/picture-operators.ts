import { modelInvalid } from '../errors/model-invalid.js';
import { type OnnxGraph, TO_NCHW } from './onnx-graph.js';
import type { Convert, OperatorToConvert } from './operator-to-convert.js';

/** Padding of TFLite's schema: SAME, so that strides alone make the output smaller; or none. */
const SAME = 0;

/** Widths of one axis: of the input, the window and its stride. */
interface Window {
  readonly input: number;
  readonly kernel: number;
  readonly stride: number;
  readonly dilation: number;
}

/** Operators whose windows move over pictures. ONNX has them channel after channel. */
export const PICTURE_OPERATORS: Readonly<Record<string, Convert>> = {
  /** Weights [out, height, width, in of a group] */
  CONV_2D: (operator) => {
    const [out, , , ofGroup] = operator.picture(operator.input(1));
    const group = operator.picture(operator.input(0))[3] / ofGroup;
    if (!Number.isInteger(group) || group < 1 || out % group !== 0) {
      throw modelInvalid(`expected channels in groups of ${ofGroup}, got another number.`, {
        group,
      });
    }
    convolve(operator, { group, order: TO_NCHW, activation: 3, dilations: [5, 4] });
  },
  /** Weights [1, height, width, in × multiplier] */
  DEPTHWISE_CONV_2D: (operator) => {
    const group = operator.picture(operator.input(0))[3];
    convolve(operator, { group, order: [3, 0, 1, 2], activation: 4, dilations: [6, 5] });
  },
  TRANSPOSE_CONV: (operator) => {
    const [padding, strideX, strideY] = [
      operator.choice(0),
      operator.integer(1),
      operator.integer(2),
    ];
    convolveBack(operator, {
      inputs: [2, 1, 3],
      isPadded: padding === SAME,
      strides: [strideY, strideX],
      activation: operator.choice(3),
    });
  },
  /** MediaPipe's own: TfLiteTransposeConvParams, of which 1 is SAME. */
  Convolution2DTransposeBias: (operator) => {
    const { customOptions } = operator.of;
    if (customOptions.length < 12) {
      throw modelInvalid(`expected 12 bytes of options, got ${customOptions.length}.`, {});
    }
    const { buffer, byteOffset, byteLength } = customOptions;
    const view = new DataView(buffer, byteOffset, byteLength);
    const [padding, strideX, strideY] = [0, 4, 8].map((at) => view.getInt32(at, true)) as [
      number,
      number,
      number,
    ];
    convolveBack(operator, {
      inputs: [0, 1, 2],
      isPadded: padding === 1,
      strides: [strideY, strideX],
      activation: 0,
    });
  },
  MAX_POOL_2D: (operator) => pool(operator, 'MaxPool'),
  AVERAGE_POOL_2D: (operator) => pool(operator, 'AveragePool'),
  RESIZE_BILINEAR: (operator) =>
    resize(operator, {
      mode: 'linear',
      alignCorners: operator.choice(2),
      halfPixels: operator.choice(3),
    }),
  RESIZE_NEAREST_NEIGHBOR: (operator) =>
    resize(operator, {
      mode: 'nearest',
      alignCorners: operator.choice(0),
      halfPixels: operator.choice(1),
    }),
  DEPTH_TO_SPACE: (operator) => moveBlocks(operator, 'DepthToSpace'),
  SPACE_TO_DEPTH: (operator) => moveBlocks(operator, 'SpaceToDepth'),
};

interface Convolving {
  readonly group: number;
  /** By axis of ONNX's weights, the axis of TFLite's. */
  readonly order: readonly number[];
  /** Fields of the options. */
  readonly activation: number;
  readonly dilations: readonly [y: number, x: number];
}

function convolve(
  operator: OperatorToConvert,
  { group, order, activation, dilations }: Convolving,
) {
  const { graph } = operator;
  const [, kernelY, kernelX] = operator.picture(operator.input(1));
  const [dilationY, dilationX] = dilations.map((field) => operator.integer(field, 1)) as [
    number,
    number,
  ];
  const [strideX, strideY] = [operator.integer(1), operator.integer(2)];
  const pads = padsOf(operator, {
    kernels: [kernelY, kernelX],
    strides: [strideY, strideX],
    dilations: [dilationY, dilationX],
  });
  const bias = operator.hasInput(2) ? [graph.value(operator.input(2), 'nhwc')] : [];
  operator.defineOutput(
    'nchw',
    {
      operator: 'Conv',
      inputs: [
        graph.value(operator.input(0), 'nchw'),
        weights(graph, operator.input(1), order),
        ...bias,
      ],
      integers: {
        kernel_shape: [kernelY, kernelX],
        strides: [strideY, strideX],
        pads,
        dilations: [dilationY, dilationX],
        group,
      },
    },
    operator.choice(activation),
  );
}

/** Weights may be what a run computes. */
function weights(graph: OnnxGraph, place: number, order: readonly number[]): string {
  if (graph.isConstant(place)) return graph.constant(place, { order });
  const value = graph.value(place, 'nhwc');
  return graph.intermediate(
    { operator: 'Transpose', inputs: [value], integers: { perm: order } },
    place,
  );
}

interface ConvolvingBack {
  /** Places among the inputs: picture, weights [out, height, width, in], bias. */
  readonly inputs: readonly [number, number, number];
  readonly isPadded: boolean;
  readonly strides: readonly [y: number, x: number];
  readonly activation: number;
}

/** The output has the size that the file says: what a convolution of these strides makes the input of. */
function convolveBack(operator: OperatorToConvert, of: ConvolvingBack): void {
  const { graph } = operator;
  const [picture, kernel] = [operator.input(of.inputs[0]), operator.input(of.inputs[1])];
  const bias = operator.hasInput(of.inputs[2])
    ? [graph.value(operator.input(of.inputs[2]), 'nhwc')]
    : [];
  requirePositive('strides', of.strides);
  const [inputs, outputs] = [operator.picture(picture), operator.picture(operator.output)];
  const kernels = operator.picture(kernel).slice(1, 3);
  const beyond = [0, 1].map((i) => {
    const whole =
      ((inputs[i + 1] as number) - 1) * (of.strides[i] as number) + (kernels[i] as number);
    return whole - (outputs[i + 1] as number);
  });
  const before = beyond.map((width) => (of.isPadded ? Math.max(0, Math.floor(width / 2)) : 0));
  const after = beyond.map((width, i) => Math.max(0, width) - (before[i] as number));
  const node = {
    operator: 'ConvTranspose',
    inputs: [graph.value(picture, 'nchw'), weights(graph, kernel, [3, 0, 1, 2]), ...bias],
    integers: {
      kernel_shape: kernels,
      strides: of.strides,
      pads: [...before, ...after],
      output_padding: beyond.map((width) => Math.max(0, -width)),
    },
  };
  operator.defineOutput('nchw', node, of.activation);
}

/** Half of what is lacking stands before, the rest, one more where it is odd, behind. */
function padsOf(
  operator: OperatorToConvert,
  of: Record<'kernels' | 'strides' | 'dilations', readonly [y: number, x: number]>,
): number[] {
  requirePositive('strides', of.strides);
  requirePositive('dilations', of.dilations);
  const [, height, width] = operator.picture(operator.input(0));
  if (operator.choice(0) !== SAME) return [0, 0, 0, 0];
  const lacking = [height, width].map((input, i) =>
    widthLacking({
      input,
      kernel: of.kernels[i] as number,
      stride: of.strides[i] as number,
      dilation: of.dilations[i] as number,
    }),
  );
  const before = lacking.map((missing) => Math.floor(missing / 2));
  return [...before, ...lacking.map((missing, i) => missing - (before[i] as number))];
}

function widthLacking({ input, kernel, stride, dilation }: Window): number {
  const steps = Math.ceil(input / stride);
  return Math.max(0, (steps - 1) * stride + (kernel - 1) * dilation + 1 - input);
}

function requirePositive(what: string, numbers: readonly number[]): void {
  if (numbers.every((number) => number > 0)) return;
  throw modelInvalid(`expected ${what} of 1 or more, got ${numbers}.`, {});
}

function pool(operator: OperatorToConvert, named: 'MaxPool' | 'AveragePool'): void {
  const [strideX, strideY, kernelX, kernelY] = [1, 2, 3, 4].map((field) =>
    operator.integer(field),
  ) as [number, number, number, number];
  const [kernels, strides] = [[kernelY, kernelX] as const, [strideY, strideX] as const];
  requirePositive('a window', kernels);
  const pads = padsOf(operator, { kernels, strides, dilations: [1, 1] });
  const inputs = [operator.graph.value(operator.input(0), 'nchw')];
  const [, height, width] = operator.picture(operator.input(0));
  const isWhole = height === kernelY && width === kernelX && pads.every((pad) => pad === 0);
  const node = isWhole
    ? { operator: `Global${named}`, inputs }
    : { operator: named, inputs, integers: { kernel_shape: kernels, strides, pads } };
  operator.defineOutput('nchw', node, operator.choice(5));
}

interface Resizing {
  readonly mode: 'linear' | 'nearest';
  readonly alignCorners: number;
  readonly halfPixels: number;
}

/** TFLite takes the nearer of two pixels only where corners or centres meet, else the one before. */
function resize(operator: OperatorToConvert, { mode, alignCorners, halfPixels }: Resizing): void {
  const { graph } = operator;
  const [batch, height, width, channels] = operator.picture(operator.output);
  const corners = alignCorners ? 'align_corners' : 'asymmetric';
  operator.defineOutput('nchw', {
    operator: 'Resize',
    inputs: [
      graph.value(operator.input(0), 'nchw'),
      '',
      '',
      graph.int64s([batch, channels, height, width]),
    ],
    texts: {
      mode,
      coordinate_transformation_mode: halfPixels ? 'half_pixel' : corners,
      nearest_mode: alignCorners || halfPixels ? 'round_prefer_ceil' : 'floor',
    },
  });
}

function moveBlocks(operator: OperatorToConvert, named: 'DepthToSpace' | 'SpaceToDepth'): void {
  const blocksize = operator.integer(0);
  requirePositive('blocks', [blocksize]);
  const inputs = [operator.graph.value(operator.input(0), 'nchw')];
  operator.defineOutput('nchw', { operator: named, inputs, integers: { blocksize } });
}
