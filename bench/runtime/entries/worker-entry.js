// A worker without a backend: the library's own part of each.
import { serve } from '../../../packages/nearside/dist/serve.js';

globalThis.serve = serve;
