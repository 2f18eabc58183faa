import { isNearsideError } from '@nearside/core';
import { StartError } from '../refusals/start-error.js';

/** The surroundings of a command. */
export interface CommandContext {
  readonly print: (line: string) => void;
  readonly printError: (line: string) => void;
  /** Aborted when the command is to end. */
  readonly signal: AbortSignal;
  /** It may hold tokens. */
  readonly environment: NodeJS.ProcessEnv;
}

/** Makes one line for the terminal, whatever the error quotes. */
export function inWords(error: unknown): string {
  const code = error instanceof StartError || isNearsideError(error) ? `${error.code}: ` : '';
  const message = error instanceof Error ? error.message : String(error);
  return `nearside-collector: ${code}${message.replace(/\s*\n\s*/g, ' ')}`;
}
