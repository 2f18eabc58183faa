import { readFile } from 'node:fs/promises';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { typesOf } from './library-types.js';
import { root } from './root.mjs';

/** Named there, and told elsewhere: what model.json holds, what a backend is, what every error is. */
const TOLD_ELSEWHERE = ['ModelSpec', 'UnsignedSpec', 'Backend', 'NearsideError'];

const ENTRIES = [
  'index',
  'microphone',
  'search',
  'devtools',
  'transformers',
  'react',
  'vue',
  'svelte',
  'worker',
].map((name) => `packages/nearside/src/${name}.ts`);

const page = await readFile(`${root}docs/api.md`, 'utf8');
const sections = page.split(/^(?=##)/m);

/** The whole program's types are read: a second or two, and more on a busy machine. */
const LIMIT_MS = 60_000;

test(
  'docs/api.md names every export, and beside it every option, field, method and event of it',
  () => {
    const program = typesOf({
      'all.ts': ENTRIES.map((entry) => `import './${entry}';`).join('\n'),
    });
    const checker = program.getTypeChecker();
    const missing = ENTRIES.flatMap((entry) => {
      const source = program.getSourceFile(root + entry);
      const module = source && checker.getSymbolAtLocation(source);
      return checker.getExportsOfModule(module as ts.Symbol).flatMap((exported) => {
        const { name } = exported;
        const beside = sections.filter((section) => names(section, name)).join('\n');
        if (beside === '') return [name];
        if (TOLD_ELSEWHERE.includes(name)) return [];
        const fields = fieldsOf(exported, checker).filter((field) => !names(beside, field));
        return fields.map((field) => `${name}: ${field}`);
      });
    });
    expect(missing).toEqual([]);
  },
  LIMIT_MS,
);

const codes = new Map<string, string[]>();

/** What is set as code in a text; each text is asked for hundreds of names. */
function codesOf(text: string): string[] {
  const known = codes.get(text);
  if (known) return known;
  const found = [...text.matchAll(/```[\s\S]+?```|`[^`\n]+`/g)].map(([code]) => code);
  codes.set(text, found);
  return found;
}

/** Tells whether a text has a name in what is set as code. */
function names(text: string, name: string): boolean {
  const whole = new RegExp(`(?<![\\w-])${name}(?![\\w-])`);
  return codesOf(text).some((code) => whole.test(code));
}

/** Of an interface its own and inherited fields and those of what they hold; of a function its options’. */
function fieldsOf(exported: ts.Symbol, checker: ts.TypeChecker): string[] {
  const symbol =
    exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
  if (symbol.flags & ts.SymbolFlags.Function) {
    const signatures = checker.getTypeOfSymbol(symbol).getCallSignatures();
    const options = signatures.flatMap(({ parameters }) =>
      parameters.map((option) => checker.getTypeOfSymbol(option)),
    );
    return options.filter(isNameless).flatMap((type) => heldIn(type, checker));
  }
  return heldIn(checker.getDeclaredTypeOfSymbol(symbol), checker);
}

function heldIn(type: ts.Type, checker: ts.TypeChecker): string[] {
  if (type.isUnion()) return type.types.flatMap((each) => heldIn(each, checker));
  return checker.getPropertiesOfType(type).flatMap((field) => {
    if (!isOurs(field)) return [];
    const own = field.name.startsWith('__@') ? [] : [field.name]; // `[Symbol.asyncDispose]`
    const held = checker.getNonNullableType(checker.getTypeOfSymbol(field));
    return [...own, ...(isNameless(held) ? heldIn(held, checker) : [])];
  });
}

/** Not the platform's, as of an array or a signal. */
function isOurs({ declarations = [] }: ts.Symbol): boolean {
  return declarations.some((declared) =>
    declared.getSourceFile().fileName.startsWith(`${root}packages/`),
  );
}

/** Such a type has no section: it is told where it stands. */
function isNameless({ symbol, aliasSymbol }: ts.Type): boolean {
  return symbol?.name === '__type' && aliasSymbol === undefined;
}
