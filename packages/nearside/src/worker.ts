export {
  type Datatype,
  type ModelSpec,
  NearsideError,
  type Tensor,
  type Tensors,
} from '@nearside/core';
export type { Backend } from './worker/backends/backend.js';
export type { ServeOptions } from './worker/serve.js';
export { serve } from './worker/serve.js';
export type { Task, Tasks } from './worker/task.js';
