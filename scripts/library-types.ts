import ts from 'typescript';
import { root } from './root.mjs';

/** Of the library and its platform, which no text of a caller changes: parsed once for all programs. */
const parsed = new Map<string, ts.SourceFile | undefined>();

/**
 * A TypeScript program over texts that import the library as its users do, strictly, and with the types of
 * its sources: nothing need be built.
 *
 * @param texts by the file names they would have in the checkout's folder
 */
export function typesOf(texts: Readonly<Record<string, string>>): ts.Program {
  const files = new Map(Object.entries(texts).map(([name, text]) => [`${root}${name}`, text]));
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    customConditions: ['@nearside/source'],
    lib: ['ES2023', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'].map(
      (name) => `lib.${name.toLowerCase()}.d.ts`,
    ),
    types: [],
    strict: true,
    noEmit: true,
    skipLibCheck: true,
  };
  const host = ts.createCompilerHost(options);
  const { fileExists, readFile, getSourceFile } = host;
  host.fileExists = (name) => files.has(name) || fileExists(name);
  host.readFile = (name) => files.get(name) ?? readFile(name);
  host.getSourceFile = (name, language, ...more) => {
    const text = files.get(name);
    if (text !== undefined) return ts.createSourceFile(name, text, language, true);
    if (!parsed.has(name)) parsed.set(name, getSourceFile(name, language, ...more));
    return parsed.get(name);
  };
  return ts.createProgram([...files.keys()], options, host);
}
