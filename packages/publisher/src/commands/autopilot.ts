import { setTimeout } from 'node:timers/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { type Decision, DWELL_MS, hasReports, WRONG_SETTING } from '../autopilot/decide.js';
import type { LoggedAct } from '../autopilot/log-of-acts.js';
import { explainFailure } from '../errors/explain-failure.js';
import type { KeySource } from '../keys/key-source.js';
import { type AutopilotStep, autopilot, type DecidedCanary } from '../library/autopilot.js';
import { collectorAt, FLEET_TOKEN_FILE, type FleetFlags } from '../terminal/fleet-options.js';
import { formatPercent, UPLOAD } from '../terminal/format.js';
import { addKeyOptions, type KeyFlags, keySource } from '../terminal/key-options.js';
import { EXIT, type ExitCode, printResult, type Terminal } from '../terminal/terminal.js';
import { verdictWords } from '../terminal/verdict-words.js';
import { parsePercent } from './promote.js';
import { parseTime } from './prune.js';

interface AutopilotFlags extends KeyFlags, FleetFlags {
  readonly fleet: string;
  readonly facts: string;
  readonly steps?: readonly number[];
  readonly stable?: true;
  /** Of `--no-answer`. */
  readonly answer: 'revoke' | 'hold';
  readonly dryRun?: true;
  readonly every?: number;
}

export function addAutopilot(
  program: Command,
  terminal: Terminal,
  endWith: (exitCode: ExitCode) => void,
): void {
  const command = program
    .command('autopilot')
    .description(
      'Do one step: take back each canary that the collector found worse, and keep metadata and facts fresh.',
    )
    .requiredOption(
      '--repo <dir>',
      'directory of the repository; a file `hold` in it stops autopilot',
    )
    .requiredOption('--fleet <url>', 'address of the collector')
    .option(...FLEET_TOKEN_FILE)
    .requiredOption('--facts <file>', 'file to write the facts for the collector to')
    .option('--steps <percents>', 'widen to these shares of devices too: 1,5,25', parseSteps)
    .option('--stable', 'offer to all devices too, after the last step')
    .addOption(
      new Option(
        '--no-answer <act>',
        'what becomes of a canary that has had its first share for a day when nobody has reported of it',
      )
        .choices(['hold', 'revoke'])
        .default('hold'),
    )
    .option('--dry-run', 'say what would be done and why, and write nothing')
    .option('--every <time>', 'repeat it: 5m', parseEvery);
  addKeyOptions(command, 'the keys of targets, snapshot and timestamp alone').action(
    async (flags: AutopilotFlags) => {
      const keys = await keySource(flags, terminal);
      const step = async (signal?: AbortSignal) =>
        endWith(await doStep(flags, { keys, terminal, signal }));
      if (flags.every === undefined) await step();
      else await repeat(step, flags.every, terminal);
    },
  );
}

async function doStep(
  flags: AutopilotFlags,
  {
    keys,
    terminal,
    signal,
  }: { keys: KeySource; terminal: Terminal; signal: AbortSignal | undefined },
): Promise<ExitCode> {
  const { repo, fleet, facts, steps, stable, answer, dryRun, json } = flags;
  const result = await autopilot({
    ...keys,
    repository: repo,
    fleet: await collectorAt(fleet, flags),
    facts,
    steps,
    stable,
    noAnswer: answer,
    dryRun,
    pause(ms) {
      terminal.error(describePause(ms));
      return letPass(ms, terminal, signal);
    },
  });
  printResult(terminal, { json, result, text: () => describe(result, flags) });
  for (const { code, message } of result.problems) terminal.error(`nearside: ${code}: ${message}`);
  const waiting = result.canaries.filter(({ decision }) => decision.act === 'wait');
  const reasons = waiting.map(({ decision }) => decision.because);
  if (reasons.some((reason) => DECISIONS.includes(reason))) return EXIT.refused;
  const isHindered = reasons.some((reason) => HINDRANCES.includes(reason));
  return result.problems.length > 0 || isHindered ? EXIT.failed : EXIT.done;
}

/**
 * A first step that fails ends the program, so that whoever starts it sees why. Later ones do not: the next one does
 * their work.
 */
async function repeat(
  step: (signal: AbortSignal) => Promise<void>,
  everyMs: number,
  terminal: Terminal,
): Promise<void> {
  const ended = new AbortController();
  void terminal.interrupted().then(() => ended.abort());
  const { signal } = ended;
  let isFirst = true;
  do {
    try {
      await step(signal);
    } catch (error) {
      if (error instanceof Error && error.name === 'AbortError') return;
      const { code, message } = explainFailure(error);
      if (isFirst && code !== 'repository-locked') throw error;
      terminal.error(`nearside: ${code}: ${message}`);
    }
    isFirst = false;
    await letPass(everyMs, terminal, signal).catch(() => {});
  } while (!signal.aborted);
}

function letPass(
  ms: number,
  { wait }: Terminal,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  return wait ? wait(ms, { signal }) : setTimeout(ms, undefined, { signal });
}

/** Somebody has to mend these, or nobody watches the canary. */
const HINDRANCES: readonly Decision['because'][] = [
  'clock',
  'old-facts',
  'no-answer',
  WRONG_SETTING,
];

/** Somebody has to decide of a canary that is perhaps bad. */
const DECISIONS: readonly Decision['because'][] = ['no-fallback', 'silent'];

/** Each reason as people read it. */
export const BECAUSE: Readonly<Record<Decision['because'], string>> = {
  worse: 'it is worse than what the others run',
  good: 'it is no worse than what the others run',
  dwell: 'it has had its share for a day',
  'too-early': 'a share is kept for a day',
  verdict: 'the collector sees no reason to widen it yet',
  unconfirmed: 'the collector has not said so at two looks in a row yet',
  'old-facts': 'the collector has other facts than those signed now',
  'no-answer': 'the collector tells nothing of it',
  silent: 'no device of it has reported, and devices of its control have',
  [WRONG_SETTING]:
    'what answers at `--fleet` is not the collector of these devices, or refuses the token',
  'not-asked': 'no wider share is asked for',
  'no-fallback': 'no version would be left for all devices: publish one',
  clock: 'the clock here is not that of its offer, or of the collector',
  'unknown-offer': 'nobody knows since when it has its share: widen it by hand once',
};

function describe(
  { canaries, acts, renewed, isHeld, dryRun, facts }: AutopilotStep,
  { repo, answer }: AutopilotFlags,
): string {
  return [
    ...(dryRun ? ['Dry run: nothing is written.'] : []),
    ...(isHeld ? [`A file \`hold\` lies in ${repo}: nothing is signed until it is removed.`] : []),
    ...(canaries.length === 0 ? ['No canary is on offer, so `--fleet` was not asked.'] : []),
    ...canaries.map((canary) => {
      const done = acts.find(
        ({ model, version }) => model === canary.model && version === canary.version,
      );
      return describeCanary(canary, done) + describeUnwatched(canary, { repo, answer });
    }),
    ...(renewed.length > 0 ? [`Signed ${renewed.join(', ')} anew.`] : []),
    ...(facts ? [`Wrote the facts to ${facts.file}.`] : []),
    ...(acts.length + renewed.length > 0 ? [`${UPLOAD}.`] : []),
  ].join('\n');
}

function describeCanary(
  { model, version, percent, decision, answer }: DecidedCanary,
  done: LoggedAct | undefined,
): string {
  const what = `${model} ${version}, canary for ${formatPercent(percent / 100)} of devices`;
  const said = answer && hasReports(answer) ? ` The verdict is ${verdictWords(answer)}.` : '';
  return `${what}: ${describeAct(decision, done)}, because ${BECAUSE[decision.because]}.${said}`;
}

/** Says who is silent, and what to do; or beforehand that silence ends a canary, and when. */
function describeUnwatched(
  { model, version, decision: { act, because }, answer, offeredMs }: DecidedCanary,
  { repo, answer: noAnswer }: Pick<AutopilotFlags, 'repo' | 'answer'>,
): string {
  if (act === 'wait' && because === 'silent') {
    return (
      ' Perhaps it ends before a report. If so, take it back: ' +
      `\`nearside revoke ${model} ${version} --repo ${repo}\`.`
    );
  }
  if (because === 'no-answer') {
    return `${describeSilence(answer)} \`nearside status --fleet\` says what it has heard.`;
  }
  const [sinceMs] = offeredMs;
  const isEnding = because === 'too-early' && noAnswer === 'revoke' && offeredMs.length === 1;
  if (!isEnding || sinceMs === undefined || (answer && answer.devices.canary > 0)) return '';
  const end = new Date(sinceMs + DWELL_MS).toISOString();
  return ` No device of it has reported yet. If that is still so at ${end}, it is taken back; \`--no-answer hold\` keeps it.`;
}

function describeSilence(answer: DecidedCanary['answer']): string {
  if (!answer) return ' It is down or out of reach.';
  if (!hasReports(answer)) return ' It has had no report of it or its control in two weeks.';
  const { lookedMs } = answer;
  const since = lookedMs === null ? 'has never looked' : 'has stopped looking';
  return ` It ${since} for findings.`;
}

function describeAct(decision: Decision, done: LoggedAct | undefined): string {
  if (decision.act === 'wait') return 'stays';
  const verb = done ? 'was' : 'would be';
  const proof = done ? ` (targets ${done.targets})` : '';
  if (decision.act === 'revoke') return `${verb} taken back${proof}`;
  const share = decision.to === 'stable' ? 'all' : `${decision.to} %`;
  return `${verb} offered to ${share}${proof}`;
}

function describePause(ms: number): string {
  return (
    'nearside: no device has reported of a canary that has had its first share for a day. ' +
    `Asks again in ${ms / 60_000} minutes, and takes the canary back if that is still so.`
  );
}

/** A timer ends at once where it is to wait for longer. */
const LONGEST_WAIT_MS = 24 * 86_400_000;

function parseEvery(text: string): number {
  const ms = /^\d+[dhm]$/.test(text) ? parseTime(text) : 0;
  if (ms > 0 && ms <= LONGEST_WAIT_MS) return ms;
  throw new InvalidArgumentError('Expected a time of a minute to 24 days, such as 5m or 1h.');
}

/** `1,5,25` → shares of devices in percent, each larger than the one before. */
function parseSteps(text: string): number[] {
  const shares = text.split(',').map((share) => parsePercent(share.trim()));
  if (shares.every((share, i) => i === 0 || share > (shares[i - 1] ?? 0))) return shares;
  throw new InvalidArgumentError('Expected shares that ascend, such as 1,5,25.');
}
