/**
 * What happens to a fleet, by name: which version a device has at a time, how often calls fail and how fast they are.
 * `quiet` is a week in which two versions run side by side and nothing changes.
 */
export const SCENARIOS = {
  quiet: {
    model: 'digits',
    days: 7,
    at: (device) => ({
      version: device.bucket < 2000 ? '1.3.0' : '1.2.0',
      failureRate: 0.002,
      speed: 1,
    }),
  },
};
