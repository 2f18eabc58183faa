/** What observing runs adds to a worker, beside valibot, which it has anyway. */
export { binOf, parseBaseline } from '../../packages/core/dist/baseline.js';
export { observeSound } from '../../packages/pipeline/dist/audio/observe-sound.js';
export * from '../../packages/pipeline/dist/image/observe-image.js';
export { observeScores } from '../../packages/pipeline/dist/observe-scores.js';
