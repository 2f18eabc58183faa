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

export function addVerify(
  program: Command,
  terminal: Terminal,
  endWith: (exitCode: ExitCode) => void,
): void {
  program
    .command('verify')
    .description('Read all of a published repository as devices do; exit 1 if anything is wrong.')
    .argument('<repository>', 'directory or URL')
    .requiredOption('--trust <pin>', 'its pin, as in the `trust` option of open()')
    .action(async (repository: string, { trust, json }: CommonOptions & { trust: string }) => {
      const result = await verify({
        repository,
        trust,
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
