import { readSmallFile } from '../files/read-small-file.js';
import type { Fleet } from '../fleet/ask-fleet.js';

/** The flags of a command that asks a collector. */
export interface FleetFlags {
  readonly fleetTokenFile?: string;
}

export const FLEET_TOKEN_FILE = [
  '--fleet-token-file <file>',
  'file with a read token of the collector (default: NEARSIDE_READ_TOKEN)',
] as const;

/** @throws NearsideError `file-missing` when the file of the token cannot be read */
export async function fleetAt(url: string, { fleetTokenFile }: FleetFlags): Promise<Fleet> {
  if (fleetTokenFile === undefined) return { url, token: process.env.NEARSIDE_READ_TOKEN };
  const what = { what: 'a read token of the collector', tooLarge: 'read-token-missing' } as const;
  const text = (await readSmallFile(fleetTokenFile, what)).toString();
  return { url, token: text.trim() };
}
