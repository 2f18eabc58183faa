import type { Contribution } from './contribution.js';
import type { Counts } from './counts.js';
import { OTHER } from './known-codes.js';
import { standsForOthers } from './name-rows.js';
import type { Names } from './names.js';
import { addSums, type Sums } from './sums.js';

type Rename = (name: string) => string;

/**
 * Counts a contribution under names that have rows. Several collectors may each have had room for a name, where there is
 * room for one of them in the store that they share.
 */
export function withinNames(contribution: Contribution, names: Names): Contribution {
  const { series, unit, cohort, arrivedMs, counts } = contribution;
  const own = names.of(series.model, { cohort, atMs: arrivedMs });
  const keep =
    (rename: Rename): Rename =>
    (name) =>
      standsForOthers(name) ? name : rename(name);
  const version = keep((name) => own.version(name));
  const variant = keep(own.variant);
  const served = version(series.version);
  const place = own.placeWithin(
    { ...series, model: own.model, version: served, variant: variant(series.variant) },
    {
      ...unit,
      model: own.model,
      version: served,
      assigned: version(unit.assigned),
      experiment: keep(own.experiment)(unit.experiment),
    },
  );
  const renamed: Counts = {
    ...counts,
    ...renameIn(counts, 'apps', keep(own.app)),
    ...renameIn(counts, 'libraries', keep(own.library)),
    ...renameIn(counts, 'outcomes', keep(own.outcome)),
    ...renameIn(counts, 'assigned', version),
    ...renameIn(counts, 'updates', version),
    ...renameIn(counts, 'shadow', version),
    ...renameIn(counts, 'quarantines', (key) => {
      const [backend, name = '', code] = key.split(' ');
      return `${backend} ${variant(name)} ${code}`;
    }),
    ...driftUnder(
      counts,
      keep((hash) => own.baseline(served, hash)),
    ),
  };
  return { ...contribution, ...place, counts: renamed };
}

function renameIn(counts: Counts, field: keyof Counts, rename: Rename): Counts {
  const byName = counts[field] as Sums | undefined;
  if (byName === undefined) return {};
  const sums: Sums = {};
  for (const [name, value] of Object.entries(byName)) addSums(sums, { [rename(name)]: value });
  return { [field]: sums };
}

/** Bins of a baseline without a row would mix with others. */
function driftUnder({ drift }: Counts, rename: Rename): Counts {
  if (drift === undefined) return {};
  const kept = Object.entries(drift).map(([hash, bins]) => {
    const name = rename(hash);
    return [name, name === OTHER ? [] : bins] as const;
  });
  return { drift: Object.fromEntries(kept) };
}
