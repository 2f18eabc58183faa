/** What is true of a fleet, by which a collector's figures are judged. */
export function keepTruth() {
  let latencies = new Float32Array(1 << 20);
  const truth = { reports: 0, ok: 0, failed: 0 };

  return {
    truth,
    /** A window whose report a collector has to count. */
    add({ latenciesMs, tally }) {
      truth.reports += 1;
      truth.ok += latenciesMs.length;
      for (const n of tally.errors.values()) truth.failed += n;
      if (truth.ok > latencies.length) {
        const wider = new Float32Array(2 * latencies.length);
        wider.set(latencies);
        latencies = wider;
      }
      latencies.set(latenciesMs, truth.ok - latenciesMs.length);
    },
    /** Nearest rank of all latencies, ms. */
    quantiles(...qs) {
      const sorted = latencies.slice(0, truth.ok).sort();
      return qs.map((q) => sorted[Math.max(0, Math.ceil(q * truth.ok) - 1)]);
    },
  };
}
