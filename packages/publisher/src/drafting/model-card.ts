import { type ModelSpec, sessionFiles } from '@nearside/core';

/** MODEL.md of a draft: the known facts, and gaps that only its maker can fill. */
export function draftModelCard(spec: ModelSpec): string {
  const { inputs, outputs } = spec;
  const form = (tensor: { name: string; datatype: string; shape: readonly number[] }) =>
    `- \`${tensor.name}\`: ${tensor.datatype} [${tensor.shape.map((axis) => (axis === -1 ? 'n' : axis)).join(', ')}]`;
  return [
    titleOf(spec),
    '',
    'What it does, for whom, and what it must not be used for: to be written.',
    '',
    '## Data and metrics',
    '',
    'What it was trained on, and how good it is on what: to be written.',
    '',
    '## Licence',
    '',
    'Of the weights and of the data: to be written.',
    '',
    '## Inputs',
    '',
    ...inputs.map(form),
    '',
    '## Outputs',
    '',
    ...outputs.map(form),
    '',
    variantsOf(spec),
    '',
  ].join('\n');
}

type Drafted = Pick<ModelSpec, 'name' | 'version' | 'variants'>;

/** @returns a card with version and variants of another model.json, where it still has those that were drafted */
export function redraftModelCard(card: string, before: Drafted, after: Drafted): string {
  return card
    .replace(titleOf(before), () => titleOf(after))
    .replace(variantsOf(before), () => variantsOf(after));
}

function titleOf({ name, version }: Drafted): string {
  return `# ${name} ${version}`;
}

/** Those that are packed. */
function variantsOf({ variants }: Drafted): string {
  const shipped = variants.filter(({ ships = true }) => ships);
  const lines = shipped.map((one) => `- \`${one.name}\`: ${sessionFiles(one).join(', ')}`);
  return ['## Variants', '', ...lines].join('\n');
}
