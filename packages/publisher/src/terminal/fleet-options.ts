import type { Command } from 'commander';
import { readSmallFile } from '../files/read-small-file.js';
import { type CollectorAccess, collectorAddress } from '../fleet/ask-fleet.js';
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

/**
 * @throws NearsideError `file-missing` when the file of the token cannot be read
 * @throws TypeError when the address is none
 */
export async function collectorAt(
  url: string,
  { fleetTokenFile }: FleetFlags,
): Promise<CollectorAccess> {
  collectorAddress(url);
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
  const share = `${formatPercent(percent / 100)} of devices`;
  if (hours === null && percentInADay === null) {
    return `How long a verdict takes at ${share} is not known: too few devices report, or it is over a year.`;
  }
  const here =
    hours === null
      ? `${share} may be too few for a verdict`
      : `A verdict takes about ${formatHours(hours)} at ${share}`;
  if (percentInADay === null) return `${here}; no share has one in a day.`;
  return percentInADay > percent
    ? `${here}; ${formatPercent(percentInADay / 100)} have one in a day.`
    : `${here}.`;
}
