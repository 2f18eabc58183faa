import { isNearsideError } from '@nearside/core';
import { CommanderError } from 'commander';

export interface Failure {
  readonly code: string;
  readonly message: string;
  readonly details?: unknown;
}

/** Options of library functions → the flags that set them. */
const FLAGS: Readonly<Record<string, string>> = Object.freeze({
  address: '<address>',
  count: '--count',
  role: '--role',
  threshold: '--threshold',
  passphrase: 'NEARSIDE_PASSPHRASE',
  trust: '--trust',
  integrity: '--integrity',
  removeKeys: '--remove-key',
  name: '--name',
  version: '--version',
  sequence: '--sequence',
  task: '--task',
  labels: '--labels',
  size: '--size',
  shapes: '--shape',
  ranges: '--range',
  out: '--out',
  url: '--url',
  keys: '--keys',
  newKeys: '--new-keys',
  baseUrl: '--base-url',
  fleet: '--fleet',
  fleetToken: 'NEARSIDE_READ_TOKEN',
  module: '--module',
  reference: '--reference',
  inputs: '--inputs',
  python: '--python',
  runReference: '--run-reference',
  evaluate: '--evaluate',
  maxLoss: '--max-loss',
  strict: '--strict',
});

/**
 * Explains an error. `usage` means that the command was called wrongly; other codes are Nearside's or the system's. A
 * message is one line, whatever it quotes.
 */
export function explainFailure(error: unknown): Failure {
  const failure = explain(error);
  return { ...failure, message: failure.message.replace(/\s*\n\s*/g, ' ') };
}

function explain(error: unknown): Failure {
  if (error instanceof CommanderError) return { code: 'usage', message: usageMessage(error) };
  if (isNearsideError(error)) {
    const { code, message, details } = error;
    return { code, message, details };
  }
  const message = error instanceof Error ? error.message : String(error);
  if (error instanceof TypeError || error instanceof RangeError) {
    const wrongOption = inFlags(message);
    if (wrongOption !== undefined) return { code: 'usage', message: wrongOption };
  }
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (typeof code !== 'string') return { code: 'failed', message };
  // Node begins the message with the code: `EACCES: permission denied, open 'keys/root.pem'`.
  return {
    code,
    message: message.startsWith(`${code}: `) ? message.slice(code.length + 2) : message,
  };
}

/** Describes a wrong option of a library function by the command's flag; undefined for other messages. */
function inFlags(message: string): string | undefined {
  const named = Object.keys(FLAGS).filter((option) => message.includes(`\`${option}\``));
  if (named.length === 0) return undefined;
  const withoutCaller = message.replace(/^[A-Za-z]+: e/, 'E').replace(/^[A-Za-z]+: /, '');
  return named.reduce(
    (text, option) => text.replaceAll(`\`${option}\``, `\`${FLAGS[option]}\``),
    withoutCaller,
  );
}

function usageMessage({ code, message }: CommanderError): string {
  if (code === 'commander.help') return 'Expected a command, got none.';
  const said = message
    .replace(/^error: /, '')
    .replace(/\n/g, ' ')
    .replace(/\.$/, '');
  const isUnknown = code === 'commander.unknownCommand';
  return `${said}. \`--help\` ${isUnknown ? 'lists the commands' : 'tells what a command takes'}.`;
}
