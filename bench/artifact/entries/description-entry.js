// What a worker reads of a version besides its weights; it takes valibot too.
export { parseBaseline, parseGolden, parseLayout, parseModelSpec } from '@nearside/core';
