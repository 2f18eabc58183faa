import type { Scope, Use } from './read-nodes.js';

/**
 * The axis of a weight along which what is computed with it lies: https://onnx.ai/onnx/operators. Each index of it gets a
 * scale of its own. Any axis gives right results; this one loses least.
 *
 * @returns the last axis where nothing else is known
 */
export function channelAxis(
  { name, shape }: { readonly name: string; readonly shape: readonly number[] },
  scope: Scope,
): number {
  const last = shape.length - 1;
  const axis = firstAxis(name, { rank: shape.length, scope, depth: 0 });
  return axis !== undefined && axis >= 0 && axis <= last ? axis : last;
}

/** Values go through so many nodes at most on their way to what computes with them. */
const MOST_STEPS = 8;

interface Walk {
  readonly rank: number;
  readonly scope: Scope;
  readonly depth: number;
}

function firstAxis(name: string, walk: Walk): number | undefined {
  if (walk.depth > MOST_STEPS) return undefined;
  for (const use of walk.scope.uses.get(name) ?? []) {
    const axis = axisOf(use, walk);
    if (axis !== undefined) return axis;
  }
  return undefined;
}

function axisOf({ operator, index, outputs, numbers, scope }: Use, walk: Walk): number | undefined {
  const isOn = (attribute: string) => numbers.get(attribute)?.[0] === 1;
  const further = () => firstAxis(outputs[0] ?? '', { ...walk, scope, depth: walk.depth + 1 });
  switch (operator) {
    case 'Conv':
    case 'com.microsoft.FusedConv':
      return index === 1 ? 0 : undefined;
    case 'ConvTranspose': // [inputs, outputs of a group, …]
      return index === 1 ? Number((numbers.get('group')?.[0] ?? 1) === 1) : undefined;
    case 'Gemm':
      return index === 1
        ? Number(!isOn('transB'))
        : index === 0
          ? Number(isOn('transA'))
          : undefined;
    case 'MatMul':
      return index === 1 ? walk.rank - 1 : walk.rank - 2;
    case 'com.microsoft.FusedMatMul':
      return walk.rank - (isOn(index === 1 ? 'transB' : 'transA') === (index === 1) ? 2 : 1);
    case 'Gather': {
      const axis = numbers.get('axis')?.[0] ?? 0;
      return index === 0 ? (axis < 0 ? axis + walk.rank : axis) : undefined;
    }
    case 'LSTM':
    case 'GRU':
    case 'RNN':
      return index === 1 || index === 2 ? 1 : undefined; // [directions, gates × hidden, …]
    case 'Transpose': {
      const axis = further();
      const order = numbers.get('perm');
      if (axis === undefined) return undefined;
      return order?.length ? order[axis] : walk.rank - 1 - axis;
    }
    case 'Identity':
    case 'Cast':
      return further();
    default:
      return undefined;
  }
}
