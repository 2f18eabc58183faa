import { parse, type TensorSpec } from '@nearside/core';
import * as v from 'valibot';
import { modelInvalid } from '../errors/model-invalid.js';

const AxisSchema = v.nullable(v.number());

const LayerSchema = v.looseObject({
  class_name: v.string(),
  name: v.optional(v.string()),
  config: v.looseObject({
    name: v.string(),
    batch_input_shape: v.optional(v.array(AxisSchema)),
    dtype: v.optional(v.string()),
    activation: v.optional(v.unknown()),
    units: v.optional(v.number()),
    filters: v.optional(v.number()),
    dims: v.optional(v.array(v.number())),
    target_shape: v.optional(v.array(v.number())),
  }),
  inbound_nodes: v.optional(v.array(v.array(v.looseTuple([v.string()]))), []),
});

const FunctionalSchema = v.looseObject({
  layers: v.array(LayerSchema),
  input_layers: v.optional(v.array(v.looseTuple([v.string()]))),
  output_layers: v.optional(v.array(v.looseTuple([v.string()]))),
});

const TopologySchema = v.looseObject({
  config: v.union([v.array(LayerSchema), FunctionalSchema]),
});

const DocumentSchema = v.looseObject({
  modelTopology: v.union([v.looseObject({ model_config: TopologySchema }), TopologySchema]),
});

type Layer = v.InferOutput<typeof LayerSchema>;
type Shape = readonly number[];

/**
 * Inputs and outputs of a TensorFlow.js layers model. An output's axes are computed from its layers where these are
 * known. The others are left free (−1).
 *
 * @throws NearsideError `model-invalid`, naming the layer with an unknown output
 */
export function readLayersTensors(document: object): {
  inputs: TensorSpec[];
  outputs: TensorSpec[];
  probabilities: ReadonlySet<string>;
} {
  const what = { code: 'model-invalid', what: 'model.json, modelTopology' } as const;
  const { modelTopology } = parse(DocumentSchema, document, what);
  const topology = (
    'model_config' in modelTopology ? modelTopology.model_config : modelTopology
  ) as v.InferOutput<typeof TopologySchema>;
  const model = Array.isArray(topology.config)
    ? chain(topology.config)
    : functional(topology.config);
  const shapes = new Map<string, Shape>();
  for (const layer of model.layers) shapes.set(nameOf(layer), outputShape(layer, shapes));
  const byName = new Map(model.layers.map((layer) => [nameOf(layer), layer]));
  return {
    inputs: model.inputs.map((name) => {
      const int = byName.get(name)?.config.dtype === 'int32';
      return { name, datatype: int ? 'INT32' : 'FP32', shape: [...(shapes.get(name) ?? [])] };
    }),
    outputs: model.outputs.map((name) => {
      return { name, datatype: 'FP32', shape: [...(shapes.get(name) ?? [])] };
    }),
    probabilities: new Set(model.outputs.filter((name) => isSoftmax(byName.get(name)))),
  };
}

function isSoftmax(layer: Layer | undefined): boolean {
  return layer?.class_name === 'Softmax' || layer?.config.activation === 'softmax';
}

interface Graph {
  readonly layers: readonly Layer[];
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
}

function functional({
  layers,
  input_layers,
  output_layers,
}: v.InferOutput<typeof FunctionalSchema>): Graph {
  if (!input_layers || !output_layers) return chain(layers);
  return {
    layers,
    inputs: input_layers.map(([name]) => name),
    outputs: output_layers.map(([name]) => name),
  };
}

/** In a sequential model each layer reads the one before. The first declares the model's inputs. */
function chain(layers: readonly Layer[]): Graph {
  const [first] = layers;
  const last = layers.at(-1);
  if (!first?.config.batch_input_shape || !last) {
    throw modelInvalid('model.json: expected a first layer with batch_input_shape, got none.', {});
  }
  const input = { ...first, class_name: 'InputLayer', name: `${nameOf(first)}_input` };
  const own = first.class_name === 'InputLayer' ? [] : [input];
  const all = [...own, ...layers].map((layer, i, list): Layer => {
    const previous = list[i - 1];
    return { ...layer, inbound_nodes: previous ? [[[nameOf(previous)]]] : [] };
  });
  return { layers: all, inputs: [nameOf(all[0] as Layer)], outputs: [nameOf(last)] };
}

function outputShape(layer: Layer, shapes: ReadonlyMap<string, Shape>): Shape {
  const { units, filters, dims, target_shape, batch_input_shape } = layer.config;
  const [[source] = []] = layer.inbound_nodes;
  const input = (source && shapes.get(source[0])) ?? [];
  const spatial = input.slice(1, -1).map(() => -1);
  switch (layer.class_name) {
    case 'InputLayer':
      return (batch_input_shape ?? []).map((axis) => axis ?? -1);
    case 'Dense':
      return [...input.slice(0, -1), units ?? -1];
    case 'Conv1D':
    case 'Conv2D':
    case 'SeparableConv2D':
      return [input[0] ?? -1, ...spatial, filters ?? -1];
    case 'DepthwiseConv2D':
    case 'Concatenate':
      return input.map((axis, i) => (i === 0 ? axis : -1));
    case 'AveragePooling2D':
    case 'MaxPooling2D':
    case 'ZeroPadding2D':
    case 'UpSampling2D':
      return [input[0] ?? -1, ...spatial, input.at(-1) ?? -1];
    case 'GlobalAveragePooling2D':
    case 'GlobalMaxPooling2D':
      return [input[0] ?? -1, input.at(-1) ?? -1];
    case 'Flatten':
      return [input[0] ?? -1, -1];
    case 'Permute':
      return [input[0] ?? -1, ...(dims ?? []).map((axis) => input[axis] ?? -1)];
    case 'Reshape':
      return [input[0] ?? -1, ...(target_shape ?? [])];
    case 'Activation':
    case 'Add':
    case 'BatchNormalization':
    case 'Dropout':
    case 'Multiply':
    case 'ReLU':
    case 'Softmax':
      return input;
    default:
      throw modelInvalid(
        `model.json, layer '${nameOf(layer)}': expected a layer whose output shape is known, got ` +
          `${layer.class_name}. Write a model directory for this model (docs/packing.md).`,
        { layer: nameOf(layer), class: layer.class_name },
      );
  }
}

function nameOf({ name, config }: Layer): string {
  return name ?? config.name;
}
