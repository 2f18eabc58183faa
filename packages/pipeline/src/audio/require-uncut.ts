import { type Forms, Misfit } from '../step.js';

/** For steps that carry on from one piece of sound to the next: frames overlap, and do not follow each other. */
export function requireUncut({ samples }: Forms['sound']): void {
  if (samples !== undefined) throw new Misfit('sound before it is cut into frames', 'frames');
}
