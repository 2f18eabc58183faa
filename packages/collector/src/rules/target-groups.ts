import { type ModelTargets, type Targets, targetsOf } from '../files/targets.js';

/** Models with the same target. */
export interface TargetGroup {
  readonly target: number;
  /** Selects their series. Empty where it is all models. */
  readonly matcher: string;
  /** By name; undefined for the models that have no target of their own. */
  readonly models?: string;
}

/** Groups models by a target. The first group is of all models that slo.json does not name with another one. */
export function targetGroups(
  targets: Targets,
  targetOf: (targets: ModelTargets) => number,
): [TargetGroup, ...TargetGroup[]] {
  const usual = targetOf(targets.all);
  const others = new Map<number, string[]>();
  for (const model of Object.keys(targets.models)) {
    const target = targetOf(targetsOf(targets, model));
    if (target !== usual) others.set(target, [...(others.get(target) ?? []), model]);
  }
  // names of models have no character that a pattern knows
  const named = [...others.values()].flat();
  return [
    { target: usual, matcher: named.length > 0 ? `{model!~"${named.join('|')}"}` : '' },
    ...[...others].map(([target, models]) => ({
      target,
      matcher: `{model=~"${models.join('|')}"}`,
      models: models.join(', '),
    })),
  ];
}
