import type { ReleaseIdentity } from '@nearside/artifact';
import type { NearsideError } from '@nearside/core';
import { createModelEmitter } from '../../../shared/api/events.js';
import { contenderOf } from '../../../shared/contenders.js';
import { type EndedRun, timeOf } from '../../../shared/ended-run.js';
import { isVersionFault } from '../../../shared/failures.js';
import { isHidden, onVisibilityChange } from '../../../shared/page-events.js';
import { closePictures, type SampledRun, transferablesOf } from '../../../shared/protocol.js';
import type { ReportTarget } from '../../options/plan-opening.js';
import type { Handover } from '../../serving/handover.js';
import type { ModelContext, Serving } from '../../serving/serving.js';
import { readReportingDay } from '../../telemetry/later/report-window.js';
import { askConsent } from '../../telemetry/later/reporting.js';
import type { Shadowed } from '../../telemetry/recorded.js';
import type { Recording } from '../../telemetry/recording.js';
import { endingOnFailure } from '../../workers/connection.js';
import { withinWatchdog } from '../../workers/watchdog.js';
import { isBatteryLow, isDataExpensive, whenIdle } from '../idle-device.js';
import { startBeside } from '../updating/start-beside.js';
import { ShadowBudget } from './shadow-budget.js';
import { startShadow } from './start-shadow.js';

/** A shadow is not asked again before so many runs: then there is another sample at best. */
const RUNS_BETWEEN = 50;

/** A start that cannot be followed by runs is in vain: it has to leave so much more time than it takes. */
const MARGIN = 1.25;

/** While a shadow is at work it is looked so often whether it may go on, ms. */
const LOOK_MS = 50;

export interface ShadowRunsOptions {
  readonly context: ModelContext;
  readonly handover: Handover;
  readonly report: ReportTarget;
  readonly tell: Recording['tell'];
  /** The shadow that this install is to run, as the last look found it. Another look gives another object. */
  readonly offered: () => ReleaseIdentity | undefined;
  /** The model itself has something to do. */
  readonly isBusy: () => boolean;
}

/**
 * Asks a shadow, while the page is idle, the inputs of a few runs that the version which serves has answered. Nobody gets its
 * answers: how they compare is counted for the report.
 */
export class ShadowRuns {
  readonly #options: ShadowRunsOptions;
  readonly #budget = new ShadowBudget();
  readonly #closing = new AbortController();
  readonly #samples: SampledRun[] = [];
  /** The version whose worker keeps samples; none while no shadow is to be asked. */
  #served: Serving | undefined;
  /** Since then, or since the shadow was asked. */
  #runs = 0;
  /** It waits for an idle page, or asks the shadow. */
  #isUnderWay = false;
  /** Ends the shadow that is at work. */
  #stop: AbortController | undefined;
  /** The time that the last start took, ms; undefined before there was one. */
  #startMs: number | undefined;
  /** What did not start waits for the next look. */
  #failed: ReleaseIdentity | undefined;
  /** One has failed by itself: there is none any more in this visit. */
  #isOver = false;

  constructor(options: ShadowRunsOptions) {
    this.#options = options;
  }

  /** The shadow has a worker. */
  get isAtWork(): boolean {
    return this.#stop !== undefined;
  }

  /** To be called after each run. */
  ran({ outcome, series }: EndedRun): void {
    this.#stop?.abort(); // somebody uses the model
    if (outcome.kind !== 'ok') return;
    const { times, batch } = outcome.reply;
    this.#budget.ran(times.run / batch);
    if (series) return;
    const served = this.#shadow && this.#options.handover.current;
    if (served !== this.#served) this.#keepFrom(served);
    this.#runs += 1;
    if (!served || this.#runs < RUNS_BETWEEN) return;
    const expectedMs = MARGIN * this.#expectedMs + timeOf(outcome.reply);
    if (this.#budget.leftMs > expectedMs + LOOK_MS) void this.#askWhenIdle();
  }

  /** Ends it, with the worker that it may have started. */
  close(reason: unknown): void {
    this.#closing.abort(reason);
    this.#stop?.abort();
    this.#keepFrom(undefined);
  }

  get #shadow(): ReleaseIdentity | undefined {
    const shadow = this.#options.offered();
    return this.#isOver || shadow === this.#failed ? undefined : shadow;
  }

  /** As long as the last start, and the first as long as that of the version that serves. */
  get #expectedMs(): number {
    const { runtime, session, check } = this.#options.handover.current.loaded.times;
    return this.#startMs ?? runtime + session + check;
  }

  get #mayGoOn(): boolean {
    return this.#budget.leftMs > LOOK_MS && !isHidden() && !this.#options.isBusy();
  }

  /** @param served undefined where no shadow is to be asked */
  #keepFrom(served: Serving | undefined): void {
    this.#served?.connection.sample(false).catch(() => {});
    served?.connection.sample(true).catch(() => {});
    this.#served = served;
    this.#runs = 0;
    for (const { input } of this.#samples.splice(0)) closePictures(input);
  }

  async #askWhenIdle(): Promise<void> {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    const { isBusy } = this.#options;
    try {
      await whenIdle({ isBusy, signal: this.#closing.signal });
      if (await isHindered(this.#options)) return;
      await this.#takeSamples();
      const shadow = this.#shadow;
      if (shadow && this.#samples.length > 0 && this.#mayGoOn) await this.#ask(shadow);
    } catch {
      // the model is closed, or its worker is lost
    } finally {
      this.#isUnderWay = false;
      this.#runs = 0;
    }
  }

  /** Where nothing is decided, nothing could be said of two answers. */
  async #takeSamples(): Promise<void> {
    const served = this.#served;
    const samples = (await served?.connection.sample(true)) ?? [];
    if (served !== this.#served) return;
    const able = samples.filter(({ reply }) => reply.observation?.predicted !== undefined);
    this.#samples.push(...able);
    if (able.length < samples.length) this.#isOver = true;
  }

  async #ask(shadow: ReleaseIdentity): Promise<void> {
    const budget = this.#budget;
    const { spentMs } = budget;
    const stop = new AbortController();
    const { signal } = stop;
    this.#stop = stop;
    const look = () => {
      if (!this.#mayGoOn) stop.abort();
    };
    const timer = setInterval(look, LOOK_MS);
    const endVisibility = onVisibilityChange(look);
    const context = { ...this.#options.context, emitter: createModelEmitter() }; // nobody hears of it
    let hasStarted = false;
    budget.start();
    try {
      await startBeside({ ...this.#options, context }, async (own, current) => {
        const started = await startShadow(own, shadow, { current, budget, signal });
        if (!started) return;
        hasStarted = true;
        this.#startMs = budget.spentMs - spentMs;
        const { connection } = started;
        await endingOnFailure(connection, signal, () => this.#askEach(connection, shadow, signal));
        await connection.close(undefined);
      });
    } catch (error) {
      if (signal.aborted) return;
      this.#isOver ||= isVersionFault(error);
      // A run that failed is told of already. A version that does not start would have failed each of them.
      if (hasStarted || !isItsFault(error)) return;
      for (const sample of this.#samples) this.#tell(shadow, sample, undefined);
    } finally {
      budget.stop();
      clearInterval(timer);
      endVisibility();
      this.#stop = undefined;
      if (!hasStarted && !signal.aborted) this.#failed = shadow;
      else if (!hasStarted)
        this.#startMs = 2 * Math.max(this.#expectedMs, budget.spentMs - spentMs);
    }
  }

  async #askEach(
    connection: Serving['connection'],
    shadow: ReleaseIdentity,
    signal: AbortSignal,
  ): Promise<void> {
    const { watchdogMs: limitMs } = this.#options.context.plan.policy;
    for (let id = 1; this.#mayGoOn; id += 1) {
      const sample = this.#samples.shift();
      if (!sample) return;
      const { input, topK } = sample;
      const how = { transfer: transferablesOf(input), onBegun() {} };
      try {
        const answer = await withinWatchdog(connection, { limitMs, signal }, () =>
          connection.run({ id, inputs: [{ input, topK }] }, how),
        );
        const reply = answer.kind === 'done' ? answer.replies[0] : undefined;
        this.#tell(shadow, sample, reply?.ok ? reply.value : undefined);
      } catch (error) {
        if (isItsFault(error)) this.#tell(shadow, sample, undefined);
        throw error;
      }
    }
  }

  #tell(
    { version: candidate }: ReleaseIdentity,
    { reply: serving }: SampledRun,
    shadow: Shadowed['shadow'],
  ): void {
    const by = this.#served;
    if (by) this.#options.tell({ kind: 'shadowed', candidate, by, serving, shadow });
  }
}

/** It says nothing of a version that there is no memory for two of them, or no variant for the backend that serves. */
function isItsFault(error: unknown): boolean {
  const { code, cause } = error as NearsideError;
  const fault = code === 'no-backend' ? cause : error;
  return isVersionFault(fault) && fault.code !== 'out-of-memory';
}

/** No device pays for what nobody will learn. */
async function isHindered({ context, handover, report }: ShadowRunsOptions): Promise<boolean> {
  const { plan, choice, engine, identity } = context;
  const { version } = handover.current;
  if (isDataExpensive(plan.policy.saveData)) return true;
  if (choice.caution?.keepsFrom('updating', contenderOf(handover.current))) return true;
  if (engine.memory?.hasRoomFor(version.spec.limits.memoryBytes) === false) return true;
  const who = { identity: identity ?? version.install, target: report, nowMs: Date.now() };
  const { isSampled } = await readReportingDay(who);
  return !isSampled || !(await askConsent(report)) || isBatteryLow();
}
