export {
  type Datatype,
  type ModelSpec,
  NearsideError,
  type Tensor,
  type Tensors,
} from '@nearside/core';
export type { Backend } from './backends/backend.js';
export { serve } from './in-worker/serve.js';
export type { ServeOptions } from './in-worker/serve-options.js';
export type { Task, Tasks } from './task.js';
