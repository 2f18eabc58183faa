/**
 * A receiver for `report: { to }`: each report of a model becomes one event of the app's analytics, with figures that
 * those can add up.
 *
 * @param {(name: string, properties: Record<string, string | number | undefined>) => unknown} track such as `umami.track`, or a
 *   function that calls `gtag('event', name, properties)`. Where it throws or its promise rejects, it is called again later
 * @returns {import('nearside').ReceiveReport}
 */
export function toEvents(track) {
  return ({ dimensions, health, opens, latency }) =>
    track('model used', {
      model: dimensions.model,
      version: dimensions.version,
      backend: dimensions.backend,
      device: dimensions.device,
      runs: health.ok,
      failed: sumOf(health.errors),
      opens: opens?.tried ?? 0,
      notOpened: sumOf(opens?.failed),
      runSeconds: (latency?.total.sum ?? 0) / 1000,
    });
}

function sumOf(counts = {}) {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
