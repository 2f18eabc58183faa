import { featuresKey } from '@nearside/artifact';
import {
  type Feature,
  type FeatureRecord,
  type FeatureValue,
  fitsFeature,
  kindOf,
  NearsideError,
  type StoredValue,
} from '@nearside/core';
import { openStore } from '#open-store';
import type { OpenPlan } from '../../options/plan-opening.js';

/** Values of features that stay on this device, for calls that leave them out. */
export interface RememberedFeatures {
  /** Completes a record with features that are remembered and not too old. */
  fillIn(record: Readonly<Record<string, unknown>>): FilledRecord;
  /**
   * Keeps values with the time of now; null forgets one.
   *
   * @throws NearsideError `input-invalid`, naming the feature; store codes
   */
  remember(record: FeatureRecord): Promise<void>;
}

/** It may still lack features: defaults of the spec stand in for those. */
export interface FilledRecord {
  readonly record: Readonly<Record<string, unknown>>;
  /** Features that are remembered, and are too old. */
  readonly stale: readonly string[];
}

interface Kept {
  readonly value: FeatureValue;
  /** Unix time. */
  readonly atMs: number;
}

type KeptByName = Readonly<Record<string, Kept>>;

/** Reads the features that are remembered for a model. Another tab's later ones are seen at the next opening. */
export async function openRemembered(
  plan: Pick<OpenPlan, 'prefix' | 'address' | 'store'>,
  features: readonly Feature[],
): Promise<RememberedFeatures> {
  const key = featuresKey(plan.prefix, plan.address.model);
  // Without a store a model remembers as long as it is open.
  let kept: KeptByName = await withStore(plan, async (store) =>
    readKept(await store.get(key)),
  ).catch(() => ({}));

  return {
    fillIn(record) {
      const nowMs = Date.now();
      const completed = { ...record };
      const stale: string[] = [];
      for (const feature of features) {
        const { name, maxAgeMs } = feature;
        const given = Object.hasOwn(completed, name) ? completed[name] : undefined;
        if (given !== undefined && given !== null) continue;
        const { value, atMs } = (Object.hasOwn(kept, name) && kept[name]) || {};
        if (atMs === undefined || !isTaken(value, feature)) continue; // another version may have kept it
        const ageMs = nowMs - atMs;
        // A clock that was set back says nothing of the age.
        if (maxAgeMs !== undefined && (ageMs < 0 || ageMs > maxAgeMs)) stale.push(name);
        else completed[name] = value;
      }
      return { record: completed, stale };
    },
    async remember(record) {
      const given = readRecord(record, features);
      const atMs = Date.now();
      const change = (before: KeptByName): KeptByName => {
        const after = new Map(Object.entries(before));
        for (const [name, value] of given) {
          if (value === null) after.delete(name);
          else after.set(name, { value, atMs });
        }
        return Object.fromEntries(after);
      };
      kept = change(kept);
      await withStore(plan, (store) =>
        store.transact([key], ([stored]) => ({ set: new Map([[key, change(readKept(stored))]]) })),
      );
    },
  };
}

async function withStore<Value>(
  { store: choice }: Pick<OpenPlan, 'store'>,
  work: (store: ReturnType<typeof openStore>) => Promise<Value>,
): Promise<Value> {
  const store = openStore('nearside-models', choice);
  try {
    return await work(store);
  } finally {
    await store.close();
  }
}

/** The store may hold anything: values that do not fit are forgotten. */
function readKept(stored: StoredValue): KeptByName {
  if (kindOf(stored) !== 'Object') return {};
  const entries = Object.entries(stored as Record<string, Partial<Kept> | undefined>);
  return Object.fromEntries(
    entries.filter(([, one]) => Number.isFinite(one?.atMs) && one?.value !== undefined),
  ) as KeptByName;
}

function readRecord(
  record: FeatureRecord,
  features: readonly Feature[],
): readonly (readonly [name: string, FeatureValue | null])[] {
  if (kindOf(record) !== 'Object') throw invalid('a record of features', kindOf(record));
  const given = Object.entries(record).filter(([, value]) => value !== undefined);
  return given.map(([name, value]) => {
    const feature = features.find((one) => one.name === name);
    if (!feature) throw invalid('features of the model', `another: ${name.slice(0, 64)}`);
    if (value !== null && !isTaken(value, feature)) {
      throw invalid(`'${name}' to be a ${feature.type}`, 'another value');
    }
    return [name, value as FeatureValue | null];
  });
}

/** True for a value that a record may hold: of the right type, and not outside a range that refuses. */
function isTaken(value: unknown, feature: Feature): boolean {
  if (!fitsFeature(value, feature)) return false;
  if (feature.type !== 'number' || !feature.range || feature.outside === 'clip') return true;
  const [smallest, largest] = feature.range;
  return (value as number) >= smallest && (value as number) <= largest;
}

function invalid(expected: string, got: string): NearsideError {
  return new NearsideError('input-invalid', `remember: expected ${expected}, got ${got}.`, {
    details: { expected, got },
  });
}
