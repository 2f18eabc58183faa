import { kindOf, type ModelSpec } from '@nearside/core';
import type { OpenPlan } from '../options/plan-opening.js';
import { openRemembered } from './remembered-features.js';
import { snapshotCustom } from './snapshot-custom.js';
import type { SnapshotCustom } from './snapshot-input.js';

/** How inputs of a model are taken that are neither tensors nor pictures alone: records with what is remembered. */
export async function openCustom(
  plan: Pick<OpenPlan, 'pin' | 'address' | 'store'>,
  { features }: Pick<ModelSpec, 'features'>,
): Promise<SnapshotCustom> {
  if (!features) return snapshotCustom;
  const { complete, remember } = await openRemembered(plan, features);
  const take: SnapshotCustom = (input, transfer) => {
    if (kindOf(input) !== 'Object') return snapshotCustom(input, transfer); // the worker says what is wrong
    const { record, stale } = complete(input as Readonly<Record<string, unknown>>);
    return { kind: 'custom', value: structuredClone(record), owned: [], stale };
  };
  return Object.assign(take, { remember });
}
