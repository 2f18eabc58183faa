/** What observing runs adds to a worker, beside valibot, which it has anyway. */
export { binOf, parseBaseline } from '../../packages/core/dist/baseline.js';
export { observeScores } from '../../packages/pipeline/dist/observe-scores.js';
export { observeSound } from '../../packages/pipeline/dist/steps/decode-audio.js';
export { observePicture } from '../../packages/pipeline/dist/steps/decode-image.js';
