import { readdir, readFile } from 'node:fs/promises';
import { BUILT_IN_TASKS } from '@nearside/core';
import { STEPS } from '@nearside/pipeline';
import { type JsonSchema, toJsonSchema } from '@valibot/to-json-schema';
import { Ajv } from 'ajv';
import type * as v from 'valibot';
import { expect, test } from 'vitest';
import { ModelSpecSchema } from '../packages/core/src/model-spec.js';
import { root } from './root.mjs';

const docs = await readFile(`${root}docs/model-json.md`, 'utf8');

/** The last cell of the row of `docs/model-json.md` that begins with `name`, without its links. */
function described(name: string): string | undefined {
  const row = docs.match(
    new RegExp(`^\\| [^|]*\`${name.replace('$', '\\$')}\`[^|]*\\|(.*)\\|$`, 'm'),
  );
  const cells = row?.[1]?.split(/(?<!\\)\|/).map((cell) => cell.trim());
  return cells
    ?.filter((cell) => cell !== '–')
    .join('; ')
    .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll('`', '');
}

function convert(schema: v.GenericSchema): JsonSchema {
  const { $schema: _, ...converted } = toJsonSchema(schema as never, {
    typeMode: 'input',
    errorMode: 'ignore',
  });
  return converted;
}

function stepsOf(part: keyof typeof STEPS): JsonSchema {
  const steps = STEPS[part].map(({ name, parameters }): JsonSchema => {
    const { properties, required = [], ...rest } = convert(parameters);
    return {
      ...rest,
      title: name,
      description: described(name),
      properties: { step: { const: name }, ...properties },
      required: ['step', ...required],
    };
  });
  return { type: 'array', items: { oneOf: steps } };
}

/** The schema of model.json, with what steps there are. */
function modelSchema(): JsonSchema {
  const spec = convert(ModelSpecSchema);
  const definitions = {
    preprocessing: stepsOf('preprocessing'),
    postprocessing: stepsOf('postprocessing'),
  };
  const refer = (object: JsonSchema) => {
    for (const part of Object.keys(definitions)) {
      Object.assign(object.properties ?? {}, { [part]: { $ref: `#/$defs/${part}` } });
    }
  };
  refer(spec);
  const { stages } = spec.properties as { stages: { items: JsonSchema } };
  refer(stages.items);
  for (const [name, member] of Object.entries(spec.properties ?? {})) {
    const description = described(name);
    if (description) Object.assign(member as JsonSchema, { description });
  }
  Object.assign(spec.properties?.task as JsonSchema, { examples: BUILT_IN_TASKS });
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'model.json',
    ...spec,
    $defs: definitions,
  };
}

test('the JSON schema of model.json that editors complete from is that of the library', async () => {
  // `npx vitest run --project unit scripts/model-schema -u` writes it anew.
  const schema = `${JSON.stringify(modelSchema(), null, 2)}\n`;
  await expect(schema).toMatchFileSnapshot(`${root}packages/publisher/model.schema.json`);
});

const validate = new Ajv({ allErrors: true }).compile(modelSchema());
const folders = await readdir(`${root}models`, { withFileTypes: true });
const models = folders.flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

test.each(models)('models/%s/model.json is one', async (model) => {
  validate(JSON.parse(await readFile(`${root}models/${model}/model.json`, 'utf8')));
  expect(validate.errors).toBeNull();
});

test('a member that there is not, and a step with a parameter that it has not, are none', async () => {
  const spec = JSON.parse(await readFile(`${root}models/digits/model.json`, 'utf8'));
  expect(validate({ ...spec, colour: 'red' })).toBe(false);
  const [decode, ...others] = spec.preprocessing;
  expect(validate({ ...spec, preprocessing: [{ ...decode, colour: 1 }, ...others] })).toBe(false);
});
