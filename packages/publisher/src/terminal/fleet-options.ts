import type { Command } from 'commander';
import { readSmallFile } from '../files/read-small-file.js';
import type { Fleet } from '../fleet/ask-fleet.js';
import type { VerdictPlan } from '../fleet/verdict-plan.js';
import { formatHours, formatPercent } from './format.js';

/** The flags of a command that asks a collector. */
export interface FleetFlags {
  readonly fleet?: string;
  readonly fleetTokenFile?: string;
}

export const FLEET_TOKEN_FILE = [
  '--fleet-token-file <file>',
  'file with a read token of the collector (default: NEARSIDE_READ_TOKEN)',
] as const;

/** @param purpose the end of `address of a collector …` */
export function addFleetOptions(command: Command, purpose: string): Command {
  return command
    .option('--fleet <url>', `address of a collector ${purpose}`)
    .option(...FLEET_TOKEN_FILE);
}

/** @throws NearsideError `file-missing` when the file of the token cannot be read */
export async function fleetAt(url: string, { fleetTokenFile }: FleetFlags): Promise<Fleet> {
  const token = fleetTokenFile ? await readToken(fleetTokenFile) : process.env.NEARSIDE_READ_TOKEN;
  return { url, token: token || undefined };
}

/** The first token, as a collector reads its own file: a token a line, and comments from `#` on. */
async function readToken(file: string): Promise<string | undefined> {
  const what = { what: 'a read token of the collector', tooLarge: 'read-token-missing' } as const;
  const lines = (await readSmallFile(file, what)).toString().split('\n');
  return lines.map((line) => line.replace(/(?:^|\s)#.*/, '').trim()).find((line) => line !== '');
}

/** Says how long a verdict takes at a share, and which share has one in a day. */
export function describeVerdictPlan(
  { hours, percentInADay }: VerdictPlan,
  percent: number,
): string {
  if (hours === null && percentInADay === null) {
    return 'How long a verdict takes is not known: too few devices report yet, or it takes over a year.';
  }
  const here = `${hours === null ? 'longer than is known' : `at most ${formatHours(hours)}`} at ${formatPercent(percent / 100)} of devices`;
  if (percentInADay === null) return `A verdict takes ${here}; no share has one in a day.`;
  const inADay =
    percentInADay > percent ? `; ${formatPercent(percentInADay / 100)} have one in a day` : '';
  return `A verdict takes ${here}${inADay}.`;
}
