import type { Command } from 'commander';
import { type Verification, verify } from '../library/verify.js';
import { formatBytes, formatCount } from '../terminal/format.js';
import {
  type CommonOptions,
  EXIT,
  type ExitCode,
  printResult,
  type Terminal,
} from '../terminal/terminal.js';

interface VerifyFlags extends CommonOptions {
  readonly trust?: string;
  readonly integrity?: string;
}

export function addVerify(
  program: Command,
  terminal: Terminal,
  endWith: (exitCode: ExitCode) => void,
): void {
  program
    .command('verify')
    .description(
      'Read all of a repository or sealed model as devices do; exit 1 if anything is wrong.',
    )
    .argument('<location>', 'directory or URL')
    .option('--trust <pin>', 'pin of a repository, as in the `trust` option of open()')
    .option('--integrity <hash>', 'hash of a sealed model, as in the `integrity` option of open()')
    .action(async (repository: string, { trust, integrity, json }: VerifyFlags) => {
      const result = await verify({
        repository,
        trust,
        integrity,
        onProgress: ({ model, version, file, chunks, bytes }) => {
          const done = `${formatCount(chunks, 'chunk')}, ${formatBytes(bytes)}`;
          terminal.progress?.(`${model} ${version}, ${file}: ${done} so far`);
        },
      });
      printResult(terminal, { json, result, text: () => describe(result, repository) });
      if (!result.ok) endWith(EXIT.failed);
    });
}

function describe(verification: Verification, repository: string): string {
  const { problems, warnings, versions, chunks, bytes } = verification;
  const read =
    `${formatCount(versions.length, 'version')}, ${formatCount(chunks, 'chunk')}, ` +
    `${formatBytes(bytes)}`;
  const found =
    problems.length === 0
      ? `${repository}: everything verifies (${read}).`
      : `${repository}: ${formatCount(problems.length, 'problem')} (${read} read)`;
  return [
    found,
    ...problems.map(({ what, code, message }) => `  ${what}\n    ${code}: ${message}`),
    ...warnings.map((warning) => `  warning: ${warning}`),
  ].join('\n');
}
