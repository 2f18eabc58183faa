import { type Command, InvalidArgumentError } from 'commander';
import type { InBrowser } from '../doctor/look-in-browser.js';
import { type Diagnosis, doctor } from '../library/doctor.js';
import { formatBytes, formatCount, formatTable } from '../terminal/format.js';
import {
  type CommonOptions,
  EXIT,
  type ExitCode,
  printResult,
  type Terminal,
} from '../terminal/terminal.js';

interface DoctorFlags extends CommonOptions {
  readonly model?: string;
  readonly browser?: true;
  /** False with `--no-sandbox`. */
  readonly sandbox: boolean;
}

const HELP = `
It asks for the page, the scripts that it names, the library's worker, wasm and model, as a browser
does, and prints what is wrong, the gravest first, each with the line that mends it. Each code is a
row of docs/troubleshooting.md.

--browser needs Playwright where you run it (npm install --no-save playwright-core), and Chromium, which
CHROMIUM may name. It opens the model beside the page, under the headers of the page.

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
    .option('--browser', 'open it in Chromium too: backends, waterfall, service worker')
    .option(
      '--no-sandbox',
      'start that Chromium without its sandbox, as root needs it: only for pages that you trust',
    )
    .addHelpText('after', HELP)
    .action(async (address: string, { model, browser, sandbox, json }: DoctorFlags) => {
      const result = await doctor({ address, model, browser, sandbox });
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
  browser,
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
    ...(browser ? describeBrowser(browser) : []),
  ].join('\n');
}

function describeBrowser({ name, backends, waterfall }: InBrowser): string[] {
  const verdicts = backends.map(({ backend, verdict, variant = '', p50Ms, message = '' }) => [
    `  ${backend}`,
    verdict,
    variant,
    p50Ms === undefined ? '' : `${p50Ms.toFixed(1)} ms`,
    message,
  ]);
  const lastMs = Math.max(1, ...waterfall.map(({ startMs, durationMs }) => startMs + durationMs));
  const transfers = waterfall.map(({ url, startMs, durationMs, sizeBytes }) => [
    `  ${String(startMs).padStart(6)} ms`,
    barOf(startMs / lastMs, durationMs / lastMs),
    `${durationMs} ms`,
    sizeBytes > 0 ? formatBytes(sizeBytes) : '',
    url,
  ]);
  return [
    ...(verdicts.length > 0 ? ['', `  ${name}, explainBackend():`, ...formatTable(verdicts)] : []),
    '',
    `  ${name}, the page's first visit:`,
    ...formatTable(transfers),
  ];
}

/** A bar of 24 columns, for shares of the whole time. */
function barOf(start: number, share: number): string {
  const columns = 24;
  const first = Math.min(columns - 1, Math.floor(start * columns));
  const length = Math.max(1, Math.min(columns - first, Math.round(share * columns)));
  return `${' '.repeat(first)}${'▇'.repeat(length)}`.padEnd(columns);
}

function inShort([first = '', ...others]: readonly string[]): string {
  return others.length === 0 ? first : `${first} and ${others.length} more`;
}

/** It may be relative to the page. */
function parseUrl(text: string): string {
  if (URL.canParse(text, 'https://page.example/')) return text;
  throw new InvalidArgumentError('Expected an address.');
}
