import { type Command, InvalidArgumentError } from 'commander';
import { modelUrl } from '../open-line.js';
import { type Publication, publish } from '../publish.js';
import { formatBytes } from './format.js';
import { type CommonOptions, printResult, type Terminal } from './terminal.js';

interface PublishFlags extends CommonOptions {
  readonly repo: string;
  readonly keys: string;
  readonly baseUrl?: string;
}

export function addPublish(program: Command, terminal: Terminal): void {
  program
    .command('publish')
    .description('Sign a packed model and add it to a repository, made on first use.')
    .argument('<packed-dir>', 'directory that `nearside pack` wrote')
    .requiredOption('--repo <dir>', 'directory of the repository')
    .option('--keys <dir>', 'directory of the private keys', 'keys')
    .option(
      '--base-url <url>',
      'where it will be served, for the printed open() line',
      parseBaseUrl,
    )
    .action(async (packed: string, { repo, keys, baseUrl, json }: PublishFlags) => {
      const result = await publish({ packed, repository: repo, keys, baseUrl });
      printResult(terminal, { json, result, text: () => describe(result, repo) });
    });
}

function parseBaseUrl(text: string): string {
  try {
    modelUrl('model', text);
    return text;
  } catch {
    throw new InvalidArgumentError('Expected an https: URL, or http: on localhost.');
  }
}

function describe(publication: Publication, repository: string): string {
  const { model, version, sequence, state, changed, metadata } = publication;
  const { chunks, chunksWritten, filesWritten, bytesWritten } = publication;
  const title = `${model} ${version} (sequence ${sequence}, ${state})`;
  const unchanged =
    filesWritten === 0
      ? 'Nothing was written.'
      : `Restored ${chunksWritten} missing chunks, ${formatBytes(bytesWritten)}.`;
  return [
    ...(changed
      ? [
          `Published ${title} in ${repository}`,
          `  chunks    ${chunksWritten} written, ${chunks - chunksWritten} there already`,
          `  files     ${filesWritten} written, ${formatBytes(bytesWritten)}`,
          `  metadata  ${Object.entries(metadata)
            .map((entry) => entry.join(' '))
            .join(', ')}`,
        ]
      : [`${title} is published in ${repository} with exactly these files. ${unchanged}`]),
    '',
    publication.open,
  ].join('\n');
}
