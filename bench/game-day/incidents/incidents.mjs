import { collectorDown } from './collector-down.mjs';
import { diesAtLoad } from './dies-at-load.mjs';
import { diesInARun } from './dies-in-a-run.mjs';
import { emptyCaches } from './empty-caches.mjs';
import { floodThatBlames } from './flood-that-blames.mjs';
import { floodThatHides } from './flood-that-hides.mjs';
import { inputDrift } from './input-drift.mjs';
import { repositoryDown } from './repository-down.mjs';
import { silentAccuracy } from './silent-accuracy.mjs';
import { slowVersion } from './slow-version.mjs';

/**
 * A story that is played on a stage.
 *
 * @typedef {object} Incident
 * @property {string} name
 * @property {string} title what it was, in words that follow "This was"
 * @property {string} people what they saw
 * @property {string} cause
 * @property {string} action what would keep it from coming again
 * @property {readonly string[]} [toldBy] guardrails, one of which is named by the verdict that takes it back
 * @property {readonly string[]} [notToldBy] guardrails, none of which is named by it
 * @property {string} [detectedBy] in words, where that is not the verdict
 * @property {keyof typeof import('../versions.mjs').CHANGES} change of the version that is shipped
 * @property {readonly number[]} [steps] shares that autopilot may widen to, in percent
 * @property {string} [reached] devices that it reached, in words, where those are not the canary's
 * @property {readonly string[]} [kills] a browser's page is ended while it does such work for that version
 * @property {(device: object, version: string) => import('../crowd.mjs').Trouble} [trouble] on simulated devices
 * @property {(stage: object, packed: string) => Promise<void>} play
 */

/** @type {readonly Incident[]} */
export const INCIDENTS = [
  slowVersion,
  silentAccuracy,
  diesAtLoad,
  diesInARun,
  inputDrift,
  repositoryDown,
  collectorDown,
  emptyCaches,
  floodThatBlames,
  floodThatHides,
];
