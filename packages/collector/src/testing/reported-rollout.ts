import { DAY_MS, type DeviceReport, FACTS, fleetQuery, MONDAY_MS } from './fleet-store.js';

export const CONTEXT = { facts: FACTS, minDevices: 50 };

/** Both sides of a rollout, as many devices on each, of which some fail. */
export function rollout(
  { canary, control }: { canary: number; control: number },
  { devices = 640, day = 0 } = {},
) {
  return (['canary', 'control'] as const).flatMap((arm) => {
    const failing = arm === 'canary' ? canary : control;
    return Array.from({ length: devices }, (_, i): DeviceReport => {
      const failed = (i * 7919) % 1000 < failing * 1000 ? 2 : 0;
      const first: DeviceReport['first'] = ['version-day', 'arm-day'];
      return {
        atMs: MONDAY_MS + day * DAY_MS,
        g: i % 64,
        arm,
        version: arm === 'canary' ? '1.1.0' : '1.0.0',
        ok: 10 - failed,
        failed,
        first: failed > 0 ? [...first, 'arm-day-failed'] : first,
      };
    });
  });
}

export const DAY = fleetQuery(MONDAY_MS, MONDAY_MS + DAY_MS);

/** Margins that few devices are enough for. */
export const WIDE = {
  'failed-runs-bps': 2000,
  'failed-devices-bps': 9000,
  'failed-starts-bps': 2000,
  'slow-runs-bps': 9000,
  'unsure-runs-bps': 9000,
  'missing-devices-bps': 9900,
};

/** Facts whose canary differs from the usual one. */
export function withCanary(more: object): typeof CONTEXT {
  const [canary, ...others] = FACTS.versions;
  const versions = [{ ...canary, health: WIDE, ...more }, ...others] as typeof FACTS.versions;
  return { ...CONTEXT, facts: { ...FACTS, versions } };
}

/** Shares of devices on which runs fail. */
export const EQUAL = { canary: 0.05, control: 0.05 };
