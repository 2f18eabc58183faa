import { checkFeatures } from './features.js';
import { checkInputValues } from './input-values.js';
import { type ModelSpec, ModelSpecSchema } from './model-spec.js';
import { checkState } from './model-state.js';
import { parse } from './parse.js';
import { checkStages, stagesOf } from './stages.js';

/**
 * @param what names it in the message
 * @throws NearsideError `metadata-malformed`
 */
export function parseModelSpec(value: unknown, what = 'model.json'): ModelSpec {
  const spec = parse(ModelSpecSchema, value, { code: 'metadata-malformed', what });
  checkStages(spec, what);
  for (const stage of stagesOf(spec)) {
    checkState({ ...stage, batch: spec.batch });
    checkInputValues(stage);
  }
  checkFeatures(spec);
  return spec;
}
