import { shipWhatIsWorse } from '../plays.mjs';
import { SHIPPED } from '../versions.mjs';

/** Golden answers are reproduced, because they begin behind what was changed. Nothing fails, and nothing is slow. */
export const silentAccuracy = {
  name: 'silent-accuracy',
  title: 'pre-processing that was changed, so that accuracy falls without a sound',
  people: 'more answers were wrong, and the model was less sure of them',
  cause: 'Pixels were scaled to a tenth of what the model has learnt from.',
  action: 'evaluate each version on held-out pictures before it is packed (`pack --evaluate`)',
  toldBy: ['unsure-runs'],
  change: 'dark',
  trouble: (_device, version) => (version === SHIPPED ? { lessSure: 0.3, right: 0.85 } : {}),
  play: shipWhatIsWorse,
};
