import type { Command } from 'commander';
import type { CanaryStatus, OfferedToFleet, ShadowStatus } from '../fleet/offered-to-fleet.js';
import { type RepositoryStatus, type RoleStatus, status } from '../library/status.js';
import {
  addFleetOptions,
  collectorAt,
  describeVerdictPlan,
  type FleetFlags,
} from '../terminal/fleet-options.js';
import { formatCount, formatHours, formatPercent, formatTable } from '../terminal/format.js';
import {
  type CommonOptions,
  EXIT,
  type ExitCode,
  printResult,
  type Terminal,
} from '../terminal/terminal.js';
import { verdictWords } from '../terminal/verdict-words.js';

export function addStatus(
  program: Command,
  terminal: Terminal,
  endWith: (exitCode: ExitCode) => void,
): void {
  const command = program
    .command('status')
    .description(
      'Show how long metadata is valid; exit 3 if under a quarter of a lifetime is left, or more than all of it.',
    )
    .argument('<repository>', 'directory or URL')
    .option('--trust <pin>', 'check that the repository has this pin');
  addFleetOptions(command, 'to ask how what is out does').action(
    async (repository: string, flags: StatusFlags) => {
      const { trust, json } = flags;
      const fleet = flags.fleet === undefined ? undefined : await collectorAt(flags.fleet, flags);
      const result = await status({ repository, trust, fleet });
      printResult(terminal, { json, result, text: () => describe(result) });
      const { expiring, tooLong, fleetProblem: problem } = result;
      if (problem) terminal.error(`nearside: ${problem.code}: ${problem.message}`);
      if (problem) endWith(EXIT.failed);
      if (expiring || tooLong) endWith(EXIT.expiring);
    },
  );
}

interface StatusFlags extends CommonOptions, FleetFlags {
  readonly trust?: string;
}

function describe({ pin, roles, tooLong, models = [] }: RepositoryStatus): string {
  const revision = roles.find(({ role }) => role === 'targets')?.version ?? 0;
  const late = roles.filter(({ state }) => state !== 'valid').map(({ role }) => role);
  return [
    pin,
    ...formatTable(roles.map(describeRole)),
    ...(late.length > 0
      ? ['', `Renew ${late.join(', ')}: nearside renew --repo <dir> --role …`]
      : []),
    ...(tooLong
      ? ['TOO LONG is past the lifetime of a role: was the clock of who signed ahead?']
      : []),
    ...models.flatMap((model) => [
      '',
      ...describeModel(model),
      ...describeFacts(model, { pin, revision }),
    ]),
  ].join('\n');
}

function describeRole(role: RoleStatus): string[] {
  const { state, daysLeft, lifetimeLeft, threshold, keyIds } = role;
  return [
    role.role,
    `version ${role.version}`,
    state === 'valid' ? '' : state.toUpperCase().replace('-', ' '),
    `${state === 'expired' ? 'expired' : 'expires'} ${role.expires}`,
    `${daysLeft.toFixed(1)} days, ${(lifetimeLeft * 100).toFixed(0)} % left`,
    `${threshold} of ${formatCount(keyIds.length, 'key')}: ${keyIds.map((id) => id.slice(0, 12)).join(', ')}`,
  ];
}

function describeModel(model: OfferedToFleet): string[] {
  const { version, canary, shadow, unknownVersions } = model;
  return [
    `${model.model}: ${version ?? 'no version'} for all devices, ${canary ? 'and a canary' : 'no canary'}`,
    ...(canary ? describeCanary(canary) : []),
    ...(shadow ? describeShadow(shadow, canary !== undefined) : []),
    ...(unknownVersions.length > 0
      ? [
          `  Devices report a canary that this repository does not have: ${unknownVersions.join(', ')}.`,
        ]
      : []),
  ];
}

/** The collector judges by its facts, so they are to be of these targets. */
function describeFacts(
  { factsRevision, factsPin }: OfferedToFleet,
  { pin, revision }: { pin: string; revision: number },
): string[] {
  if (factsPin !== null && factsPin !== pin) {
    return [
      `  The collector has facts of another repository, whose pin is ${factsPin}: ask the collector of this one, or give it the facts of this one.`,
    ];
  }
  if (factsRevision === null || factsRevision === revision) return [];
  return [
    `  The collector has facts of targets ${factsRevision}, not of ${revision}: run \`nearside facts\`.`,
  ];
}

function describeCanary(canary: CanaryStatus): string[] {
  const { version, percent, sinceMs, devices, hoursLeft, plan } = canary;
  const left = hoursLeft === null ? '' : `, some ${formatHours(hoursLeft)} to go`;
  return [
    `  canary   ${version}, offered to ${formatPercent(percent / 100)} of devices${sinceWords(sinceMs)}`,
    `  devices  ${devices.canary} with it, ${devices.control} in its control, on the busiest day`,
    `  verdict  ${verdictWords(canary)}${left}`,
    `  ${describeVerdictPlan(plan, percent)}`,
  ];
}

function describeShadow(shadow: ShadowStatus, isWaiting: boolean): string[] {
  const { version, percent, sinceMs, inputs, agreement } = shadow;
  const { value, low, high } = agreement;
  const few = inputs === 0 ? 'no device has reported of it' : 'too few devices have reported of it';
  const agrees =
    value === null || low === null || high === null
      ? `not known: ${few}`
      : `on ${formatPercent(value)} of ${formatCount(inputs, 'input')} (${formatPercent(low)} to ${formatPercent(high)})`;
  const waits = isWaiting ? ', but not while the canary is out' : '';
  return [
    `  shadow   ${version}, runs beside on ${formatPercent(percent / 100)} of devices${sinceWords(sinceMs)}${waits}`,
    `  agrees   ${agrees}`,
  ];
}

function sinceWords(sinceMs: number | undefined): string {
  return sinceMs === undefined ? '' : ` since ${new Date(sinceMs).toISOString()}`;
}
