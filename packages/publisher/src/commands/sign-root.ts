import type { Command } from 'commander';
import { signRoot } from '../library/sign-root.js';
import { describeProposal } from '../terminal/describe-proposal.js';
import { addKeyOptions, type KeyFlags, keySource } from '../terminal/key-options.js';
import { printResult, type Terminal } from '../terminal/terminal.js';

export function addSignRoot(program: Command, terminal: Terminal): void {
  const command = program
    .command('sign-root')
    .description('Sign a proposed next root with the root keys at hand.')
    .argument('<file>', 'file that `nearside rotate-root --propose` wrote')
    .requiredOption('--repo <repository>', 'directory or URL of the repository')
    .requiredOption('--trust <pin>', 'its pin, as in the `trust` option of open()');
  type Flags = KeyFlags & { readonly trust: string };
  addKeyOptions(command).action(async (file: string, flags: Flags) => {
    const { repo, trust, json } = flags;
    const keys = await keySource(flags, terminal);
    const result = await signRoot({ ...keys, file, repository: repo, trust });
    printResult(terminal, { json, result, text: () => describeProposal(result) });
  });
}
