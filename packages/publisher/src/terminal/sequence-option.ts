import { InvalidArgumentError, Option } from 'commander';

/** `--sequence` of a command that drafts a version for a repository. */
export function sequenceOption(): Option {
  const option = new Option(
    '--sequence <n>',
    'sequence of the version, higher than all before (default: 1)',
  );
  return option.argParser(parseSequence);
}

function parseSequence(text: string): number {
  const sequence = Number(text);
  if (Number.isSafeInteger(sequence) && sequence > 0) return sequence;
  throw new InvalidArgumentError('Expected a positive integer.');
}
