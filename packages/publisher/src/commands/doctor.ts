import { type Command, InvalidArgumentError } from 'commander';
import { type Diagnosis, doctor } from '../library/doctor.js';
import { formatCount } from '../terminal/format.js';
import {
  type CommonOptions,
  EXIT,
  type ExitCode,
  printResult,
  type Terminal,
} from '../terminal/terminal.js';

interface DoctorFlags extends CommonOptions {
  readonly model?: string;
}

const HELP = `
It asks for the page, the scripts that it names, the library's worker, wasm and model, as a browser
does, and prints what is wrong, the gravest first, each with the line that mends it. Each code is a
row of docs/troubleshooting.md.

  nearside doctor https://app.example/
  nearside doctor http://localhost:5173/ --model https://cdn.example/models/digits`;

export function addDoctor(
  program: Command,
  terminal: Terminal,
  endWith: (exitCode: ExitCode) => void,
): void {
  program
    .command('doctor')
    .description(
      'Look at a page that opens a model, and say what to mend; exit 1 if there is anything.',
    )
    .argument('<address>', 'address of the page, as people open it')
    .option(
      '--model <url>',
      'address of its model (default: those that its scripts name)',
      parseUrl,
    )
    .addHelpText('after', HELP)
    .action(async (address: string, { model, json }: DoctorFlags) => {
      const result = await doctor({ address, model });
      printResult(terminal, { json, result, text: () => describe(result) });
      if (!result.ok) endWith(EXIT.failed);
    });
}

function describe({
  address,
  library,
  scripts,
  runtime,
  models,
  findings,
  notes,
}: Diagnosis): string {
  const versions = models.map(
    ({ url, kind, version }) => `${url}, ${kind}${version ? ` ${version}` : ''}`,
  );
  const looked = [
    `nearside ${library ?? 'of an unknown version'}`,
    formatCount(scripts.length, 'script'),
    formatCount(runtime.length, 'runtime file'),
  ].join(', ');
  const heading =
    findings.length === 0
      ? `${address}: nothing to mend (${looked}).`
      : `${address}: ${formatCount(findings.length, 'thing')} to mend (${looked}).`;
  const width = Math.max(0, ...findings.map(({ code }) => code.length));
  const indent = ' '.repeat(width + 4);
  return [
    heading,
    ...versions.map((line) => `  model: ${line}`),
    ...findings.flatMap(({ code, gravity, files, message, mend }) => [
      '',
      `  ${code.padEnd(width)}  ${inShort(files)}`,
      `${indent}${gravity === 'breaks' ? '' : 'Not grave. '}${message}`,
      `${indent}mend: ${mend}`,
    ]),
    ...(notes.length > 0 ? [''] : []),
    ...notes.map((note) => `  note: ${note}`),
  ].join('\n');
}

function inShort([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

/** It may be relative to the page. */
function parseUrl(text: string): string {
  if (URL.canParse(text, 'https://page.example/')) return text;
  throw new InvalidArgumentError('Expected an address.');
}
