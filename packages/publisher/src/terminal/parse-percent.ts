import { InvalidArgumentError } from 'commander';
import { basisPoints } from '../signing/offer-release.js';

/** `5` or `5%` → 5, a share of devices that a rollout can have. */
export function parsePercent(text: string): number {
  const percent = Number(/^(\d+(?:\.\d+)?) ?%?$/.exec(text)?.[1]);
  try {
    basisPoints(percent);
    return percent;
  } catch {
    throw new InvalidArgumentError('Expected a percentage from 0.01 to 100, in steps of 0.01.');
  }
}
