import * as v from 'valibot';

/** What a publisher reads of the answers of a collector. Other fields stay, for a log. */

const Count = v.pipe(v.number(), v.finite(), v.minValue(0));
const Share = v.pipe(Count, v.maxValue(1));
const Time = v.pipe(v.number(), v.safeInteger());

const RanAsSchema = v.array(v.looseObject({ version: v.string(), runs: Count }));

const RolloutSchema = v.looseObject({
  version: v.string(),
  experiment: v.string(),
  /** Time of its first report. */
  sinceMs: Time,
  /** It was taken back, or is for all now. */
  isOver: v.boolean(),
  /** Devices by side, on the busiest UTC day. */
  devices: v.looseObject({ canary: Count, control: Count }),
  /** Share of installs that are to have it, by the facts of the collector. */
  share: v.nullable(Share),
  /** When each of its shares was offered, by the facts of the collector. */
  offeredMs: v.array(Time),
  /** The versions that served on each side, most runs first. */
  ranAs: v.looseObject({ canary: RanAsSchema, control: RanAsSchema }),
  /** It is surely not so much worse that it should not be offered to more devices. */
  mayStep: v.boolean(),
  /** Updates on the canary's side that the devices' own gates undid, and all that were tried. */
  undone: v.looseObject({ n: Count, of: Count }),
  verdict: v.looseObject({
    verdict: v.picklist(['roll-back', 'promote', 'hold', 'none']),
    because: v.optional(v.union([v.string(), v.array(v.string())])),
    /** Hours until a verdict at the rate of reports so far; null where that is not known. */
    hours: v.optional(v.nullable(Count)),
  }),
});

/** Answer of `GET /v1/fleet/canary`. */
export const FleetCanarySchema = v.looseObject({
  /** Version of the signed targets that the facts of the collector are from; null where it has none. */
  revision: v.nullable(Count),
  /** Pin of their repository; null where it has none. */
  pin: v.nullish(v.string(), null),
  /** Hours until a verdict on a version that is no worse, by the share; null where not known, or over a year. */
  plans: v.array(v.looseObject({ share: Share, hours: v.nullable(Count) })),
  rollouts: v.array(RolloutSchema),
});

/** Answer of `GET /v1/fleet/faults`. */
export const FleetFaultsSchema = v.looseObject({
  /** Versions that ran beside the one that serves. */
  shadow: v.array(
    v.looseObject({
      candidate: v.string(),
      /** Inputs that both had. */
      n: Count,
      /** Share of them in which both decided the same, with its interval; null of too few devices. */
      agreement: v.looseObject({
        value: v.nullable(Share),
        low: v.nullable(Share),
        high: v.nullable(Share),
      }),
    }),
  ),
});

/** Answer of `GET /v1/fleet/findings`. */
export const FleetFindingsSchema = v.looseObject({
  /** End of the range: the time at the collector, rounded up to the next of its steps. */
  toMs: Time,
  /** When the collector last looked; null before the first look. */
  lookedMs: v.nullable(Time),
  /** What two looks in a row have seen, in order of time. */
  verdicts: v.array(
    v.looseObject({
      version: v.string(),
      experiment: v.string(),
      atMs: Time,
      /** `roll-back`, `promote`, `step`, `hold` or `none`; `over` once the rollout has ended. */
      verdict: v.string(),
      /** As that of the canary answer. */
      revision: v.nullable(Count),
    }),
  ),
});

export type FleetCanary = v.InferOutput<typeof FleetCanarySchema>;
export type FleetRollout = FleetCanary['rollouts'][number];
export type FleetFaults = v.InferOutput<typeof FleetFaultsSchema>;
export type FleetFindings = v.InferOutput<typeof FleetFindingsSchema>;
