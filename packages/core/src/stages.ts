import { NearsideError } from './errors.js';
import type { ModelSpec, Variant } from './model-spec.js';

/** One model of a spec with its steps; the spec itself where it has one model. */
export interface Stage
  extends Pick<
    ModelSpec,
    'inputs' | 'outputs' | 'state' | 'preprocessing' | 'postprocessing' | 'resources'
  > {
  /** Empty for the only model of a spec without stages. */
  readonly name: string;
}

/** The fields of a spec that its stages are read from. */
export type StagedSpec = Omit<Stage, 'name'> & Pick<ModelSpec, 'stages'>;

/** The models of a spec, in the order in which an input goes through them. */
export function stagesOf(spec: StagedSpec): readonly Stage[] {
  const { inputs, outputs, state, preprocessing, postprocessing, resources, stages } = spec;
  if (stages) return stages;
  return [{ name: '', inputs, outputs, state, preprocessing, postprocessing, resources }];
}

/** A variant as one stage loads it. */
export function variantOfStage(variant: Variant, { name }: Pick<Stage, 'name'>): Variant {
  const { stages, ...common } = variant;
  if (!stages) return variant;
  return { ...common, ...stages[name] } as Variant;
}

/** A variant as each of its stages loads it. Without stages this is the variant itself. */
export function partsOf(variant: Variant): readonly Variant[] {
  if (!variant.stages) return [variant];
  return Object.keys(variant.stages).map((name) => variantOfStage(variant, { name }));
}

/** Files that its sessions load: each model, and its weights where they lie beside it. */
export function sessionFiles(variant: Variant): string[] {
  return partsOf(variant).flatMap(({ files }) => files);
}

/** Files of weights beside the models: external data of ONNX, those of TensorFlow.js. */
export function filesBesideModels(variant: Variant): string[] {
  return partsOf(variant).flatMap(({ files }) => files.slice(1));
}

export function resourceFiles(spec: StagedSpec): string[] {
  return stagesOf(spec).flatMap(({ resources }) => Object.values(resources ?? {}));
}

/**
 * Checks that a spec is one model or stages that follow each other, and that every variant has files for each.
 *
 * @param what names the spec in the message
 * @throws NearsideError `metadata-malformed`
 */
export function checkStages(spec: ModelSpec, what: string): void {
  const malformed = malformedIn(what);
  const { stages, variants } = spec;
  if (!stages) {
    for (const list of ['inputs', 'outputs'] as const) {
      if (spec[list].length === 0) throw malformed(list, 'one or more, or `stages`', 'none');
    }
  } else {
    const lists = ['inputs', 'outputs', 'preprocessing', 'postprocessing'] as const;
    for (const list of lists) {
      if (spec[list].length > 0) throw malformed(list, 'none beside `stages`', 'some');
    }
    for (const member of ['state', 'resources'] as const) {
      if (spec[member]) throw malformed(member, 'none beside `stages`', 'some');
    }
  }
  for (const [i, stage] of (stages ?? []).entries()) {
    const path = `stages.${i}`;
    const before = stages?.[i - 1]?.name;
    const names = stages?.map(({ name }) => name) ?? [];
    if (names.indexOf(stage.name) !== i) {
      throw malformed(`${path}.name`, 'a name of its own', `'${stage.name}' twice`);
    }
    if (stage.each !== before) {
      const expected = before === undefined ? 'none in the first stage' : `'${before}'`;
      throw malformed(`${path}.each`, expected, stage.each ? `'${stage.each}'` : 'none');
    }
    for (const list of ['inputs', 'outputs', 'preprocessing', 'postprocessing'] as const) {
      if (stage[list].length === 0) throw malformed(`${path}.${list}`, 'one or more', 'none');
    }
  }
  for (const [i, variant] of variants.entries())
    checkFiles(variant, `variants.${i}`, stages, malformed);
}

function checkFiles(
  variant: Variant,
  path: string,
  stages: ModelSpec['stages'],
  malformed: ReturnType<typeof malformedIn>,
): void {
  const least = variant.runtime === 'tfjs' ? 2 : 1;
  const requireFiles = (where: string, files: readonly string[]) => {
    if (files.length < least) throw malformed(where, `${least} or more`, files.length);
  };
  if (!stages) {
    if (variant.stages) throw malformed(`${path}.stages`, 'none, as the spec has none', 'some');
    requireFiles(`${path}.files`, variant.files);
    return;
  }
  if (variant.files.length > 0) throw malformed(`${path}.files`, 'none beside `stages`', 'some');
  const wanted = stages.map(({ name }) => name).sort();
  const got = Object.keys(variant.stages ?? {}).sort();
  if (wanted.join() !== got.join()) {
    throw malformed(`${path}.stages`, wanted.join(', '), got.join(', ') || 'none');
  }
  for (const [name, { files }] of Object.entries(variant.stages ?? {})) {
    requireFiles(`${path}.stages.${name}.files`, files);
  }
}

function malformedIn(what: string) {
  return (path: string, expected: string, got: unknown) =>
    new NearsideError('metadata-malformed', `${what}, ${path}: expected ${expected}, got ${got}.`, {
      details: { what, path, expected, got },
    });
}
