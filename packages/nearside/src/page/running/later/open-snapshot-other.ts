import { kindOf, type ModelSpec } from '@nearside/core';
import type { OpenPlan } from '../../options/plan-opening.js';
import type { SnapshotOther } from '../snapshot-input.js';
import { openRemembered } from './remembered-features.js';
import { snapshotOther } from './snapshot-other.js';

/** How inputs are taken that are neither tensors nor pictures. Records are filled in with what is remembered. */
export async function openSnapshotOther(
  plan: Pick<OpenPlan, 'pin' | 'address' | 'store'>,
  { features }: Pick<ModelSpec, 'features'>,
): Promise<SnapshotOther> {
  if (!features) return snapshotOther;
  const { fillIn, remember } = await openRemembered(plan, features);
  const take: SnapshotOther = (input, transfer) => {
    if (kindOf(input) !== 'Object') return snapshotOther(input, transfer); // the worker says what is wrong
    const { record, stale } = fillIn(input as Readonly<Record<string, unknown>>);
    return { kind: 'other', value: structuredClone(record), owned: [], stale };
  };
  return Object.assign(take, { remember });
}
