import type { ModelSpec } from '@nearside/core';
import { PublisherError } from '../errors/publisher-error.js';
import { readIfFile } from '../files/read-small-file.js';
import { writeIfChanged } from '../files/replace-file.js';
import { exists } from '../files/stat-path.js';
import { quote, typesOfSpec } from './reference-types.js';

/** A page opens it: an address, and what vouches for the model there. */
export type Reference = { readonly url: string } & (
  | { readonly integrity: string }
  | { readonly trust: string }
);

/** The first line says whose file it is. Only such a file is replaced. */
const HEADER = '// Written by nearside: it changes with the model.';

/**
 * Requires that a module may be written there.
 *
 * @throws TypeError unless it ends as TypeScript or JavaScript does
 * @throws NearsideError `output-exists` when somebody else's file is there
 */
export async function requireWritableModule(file: string): Promise<void> {
  const declarations = declarationsOf(file);
  for (const path of declarations ? [file, declarations] : [file]) await requireOurs(path);
}

/**
 * @returns the file of a module's types, where the module itself is JavaScript
 * @throws TypeError for another ending
 */
function declarationsOf(file: string): string | undefined {
  const [, stem, ending] = /^(.*)\.(ts|mts|js|mjs)$/s.exec(file) ?? [];
  if (ending === undefined || /\.d$/.test(stem ?? '')) {
    throw new TypeError(`expected \`module\` to end in .ts, .mts, .js or .mjs, got '${file}'`);
  }
  return ending.endsWith('js') ? `${stem}.d.${ending.replace('js', 'ts')}` : undefined;
}

/** Writes the module, and nothing where it says the same already. */
export async function writeReferenceModule(
  file: string,
  { spec, reference }: { spec: ModelSpec; reference: Reference },
): Promise<void> {
  await requireWritableModule(file);
  const declarations = declarationsOf(file);
  const name = exportName(spec.name);
  const { input, output, imports } = typesOfSpec(spec);
  const types = `import type { ${[...imports, 'ModelReference'].sort().join(', ')} } from 'nearside';`;
  const type = `ModelReference<\n  ${input},\n  ${output}\n>`;
  const fields = Object.entries({ ...reference, task: spec.task });
  const value = `{\n${fields.map(([key, text]) => `  ${key}: ${quote(text)},\n`).join('')}}`;
  if (declarations === undefined) {
    await write(file, [HEADER, types, '', `export const ${name}: ${type} = ${value};`]);
  } else {
    await write(declarations, [HEADER, types, '', `export declare const ${name}: ${type};`]);
    await write(file, [HEADER, `export const ${name} = ${value};`]);
  }
}

async function write(file: string, lines: readonly string[]): Promise<void> {
  await writeIfChanged(file, `${lines.join('\n')}\n`);
}

async function requireOurs(file: string): Promise<void> {
  if (!(await exists(file))) return;
  const text = (await readIfFile(file))?.toString() ?? '';
  if (text.startsWith(HEADER)) return;
  throw new PublisherError(
    'output-exists',
    `${file}: expected no file, or a module that nearside wrote, got another. Nothing was changed; ` +
      'choose another with `--module`.',
    { details: { file } },
  );
}

/** `my-model` → `myModel`; `3d` → `model3d`. A name that JavaScript keeps for itself gets an ending. */
function exportName(model: string): string {
  const name = model.replaceAll(/-+(.)/g, (_, letter: string) => letter.toUpperCase());
  if (/^\d/.test(name)) return `model${name}`;
  return RESERVED.has(name) ? `${name}Model` : name;
}

const RESERVED: ReadonlySet<string> = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export ' +
    'extends false finally for function if implements import in instanceof interface let new null package ' +
    'private protected public return static super switch this throw true try typeof var void while with yield'
  ).split(' '),
);
