import { type ModelSpec, sessionFiles } from '@nearside/core';

/** MODEL.md of a draft: the known facts, and gaps that only its maker can fill. */
export function draftModelCard({ name, version, inputs, outputs, variants }: ModelSpec): string {
  const form = (tensor: { name: string; datatype: string; shape: readonly number[] }) =>
    `- \`${tensor.name}\`: ${tensor.datatype} [${tensor.shape.map((axis) => (axis === -1 ? 'n' : axis)).join(', ')}]`;
  return [
    `# ${name} ${version}`,
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
    '## Variants',
    '',
    ...variants.map((variant) => `- \`${variant.name}\`: ${sessionFiles(variant).join(', ')}`),
    '',
  ].join('\n');
}
