import { existsSync } from 'node:fs';
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { servedThroughout } from './browsers.mjs';
import { fillPostmortem } from './postmortem.mjs';
import { openStage } from './stage.mjs';
import { inWords } from './timeline.mjs';
import { BEFORE, MODEL, SHIPPED } from './versions.mjs';

/** A page that people have open is without an answer for no longer, ms. */
const LONGEST_GAP_MS = 15_000;
const SERVED = 'the version before never stopped serving';
/** Of a page, before its device goes back by itself. */
const MOST_DEATHS = 2;

/**
 * Plays one incident from its beginning to its end, and writes down what became of it.
 *
 * @param {object} incident
 * @param {{ dir: string, out: string, packs: Record<string, string>, browser: object, site: string }} options `out`: a folder
 *   for the postmortem and its evidence
 */
export async function playIncident(incident, { dir, out, packs, browser, site }) {
  const startMs = performance.now();
  await mkdir(dir, { recursive: true });
  const stage = await openStage(dir, { packed: packs.before, browser, site, incident });
  try {
    await incident.play(stage, packs[incident.change]);
    checkServedThroughout(stage);
  } catch (cause) {
    await stage.close().catch(() => {}); // what was wrong first is told
    throw new Error(`${incident.name} could not be played to its end: ${cause.message}`, { cause });
  }
  await stage.close();
  const { name } = incident;
  const folder = `${out}/${name}`;
  await keepEvidence(stage, folder);
  await writeFile(`${folder}/postmortem.md`, await fillPostmortem(wordsOf(stage, folder)));
  return {
    name,
    timeline: stage.timeline.moments(),
    /** The last one of the collector on what was shipped. */
    verdict: stage.rollout?.verdict,
    acts: stage.acts.map(({ time, act, to, because }) => ({ time, act, to, because })),
    checks: stage.checks,
    wayBackMs: stage.wayBackMs,
    postmortem: `${folder}/postmortem.md`,
    seconds: (performance.now() - startMs) / 1000,
  };
}

/** Whoever was not offered the version had the one before all the time; nobody else was left without an answer. */
function checkServedThroughout(stage) {
  const { browsers, shipped, strays } = stage;
  const nowMs = performance.now();
  const others = browsers.seen.filter((_, i) => shipped?.arms[i] !== 'canary');
  const isServed = strays === 0 && others.every(servedThroughout);
  const noneFailed = browsers.seen.every(({ failed }) => Object.keys(failed).length === 0);
  // one that still waits for its answer has told of no gap
  const gapsMs = browsers.seen.map(({ longestGapMs, last }) =>
    Math.max(longestGapMs, nowMs - last.atMs),
  );
  const isSoon = gapsMs.every((ms) => ms < LONGEST_GAP_MS);
  stage.check(SERVED, isServed, { browsers: others, strays });
  stage.check('no run failed in an open browser', noneFailed, browsers.seen);
  const isTwice = browsers.seen.every(({ deaths }) => deaths <= MOST_DEATHS);
  stage.check('no open browser died more than twice', isTwice, browsers.seen);
  stage.check('no open browser was without an answer for 15 s', isSoon, gapsMs);
}

/** The collector's file, what it knew, the signed metadata of before and after, and the log of acts. */
async function keepEvidence({ collector, repository }, folder) {
  await mkdir(folder, { recursive: true });
  await cp(collector.file, `${folder}/collector.sqlite`);
  await cp(repository.factsFile, `${folder}/models.json`);
  for (const part of ['metadata', '.autopilot.jsonl']) {
    const from = `${repository.directory}/${part}`;
    if (existsSync(from)) await cp(from, `${folder}/${part}`, { recursive: true });
  }
}

function wordsOf(stage, folder) {
  const { incident, timeline, rollout, checks, browsers } = stage;
  const shares = (name) => describeShares(rollout?.guardrails.find((one) => one.name === name));
  const inBrowsers = browsers.seen.filter(({ byVersion, deaths }) => byVersion[SHIPPED] || deaths);
  return {
    INCIDENT_NAME: incident.title,
    SUMMARY_SENTENCE: `This was ${incident.title}: ${incident.people}.`,
    MODEL_NAME: MODEL,
    BAD_VERSION: timeline.has('taken back') ? SHIPPED : 'none',
    VERSION_BEFORE: BEFORE,
    DEVICES_REACHED:
      incident.reached ??
      `${rollout?.devices.canary ?? 'not known'}, of them ${inBrowsers.length} open browsers`,
    RUNS_FAILED: shares('failed-runs'),
    RUNS_SLOW: shares('slow-runs'),
    WHAT_PEOPLE_SAW: incident.people,
    ...momentWords(timeline),
    WHAT_CAUSED_IT: incident.cause,
    DETECTED_BY: timeline.has('detected')
      ? (incident.detectedBy ?? describeVerdict(rollout))
      : 'nothing',
    MISSED_BY: 'not known',
    RUNBOOK_NOTES: 'it was played by a program: nobody read one',
    ACTED_BY: actedBy(stage),
    SERVED_THROUGHOUT: checks.find(({ name }) => name === SERVED).ok ? 'yes' : 'no',
    TRIED_IN_VAIN: 'nothing',
    WHAT_WENT_WELL: checks.map(({ name, ok }) => `- ${ok ? 'yes' : '**no**'}: ${name}`).join('\n'),
    ACTION_ITEM: incident.action,
    ACTION_OWNER: 'owner of the model',
    ACTION_DUE: new Date(stage.now() + 7 * 86_400_000).toISOString().slice(0, 10),
    DASHBOARD_LINK: `\`npx nearside-collector --local --file ${folder}/collector.sqlite --models ${folder}/models.json\``,
    FINDINGS_LINK: 'in the same file',
    TARGETS_REVISIONS: `${folder}/metadata, and the log of acts beside it`,
    PAGE_RELEASE: '2026.2 and 2026.3',
  };
}

function describeVerdict({ verdict: { verdict, because } }) {
  return `verdict \`${verdict}\`: ${[because].flat().join(', ')}`;
}

function actedBy({ timeline, acts }) {
  if (!timeline.has('taken back')) return 'nobody: there was nothing to take back';
  return acts.length > 0 ? 'autopilot' : 'somebody who was called by users';
}

/** `0.52 of the canary's, 0.05 of the control's`. */
function describeShares(guardrail) {
  if (!guardrail) return 'not known';
  const percent = (share) => (share === null ? 'not known' : `${(100 * share).toFixed(1)} %`);
  return `${percent(guardrail.canary)} of the canary's, ${percent(guardrail.control)} of the control's`;
}

/** Each moment has a word for when it was, and most have one for how long after. */
function momentWords(timeline) {
  const entries = timeline.moments().flatMap(({ what, at, afterMs }) => {
    const word = what.toUpperCase().replaceAll(' ', '_');
    const none = what === 'verdict' ? 'none was given' : 'it did not happen';
    return [
      [`${word}_AT`, at ?? none],
      [`${word}_AFTER`, afterMs === null ? '–' : inWords(afterMs)],
    ];
  });
  return Object.fromEntries(entries);
}
