/** Bounds of the histogram, seconds. */
const BOUNDS = [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/**
 * A histogram of the runs of a model, for an OpenTelemetry SDK that the app has: seconds from call to result, by model,
 * version, backend, and the code of what failed.
 *
 * @param {import('@opentelemetry/api').Meter} meter
 * @param {Pick<import('nearside').Model, 'on' | 'stats'>} model
 * @returns {() => void} ends it
 */
export function meterRuns(meter, model) {
  const duration = meter.createHistogram('nearside.run.duration', {
    description: 'Time from call to result',
    unit: 's',
    advice: { explicitBucketBoundaries: BOUNDS },
  });
  let serving = servingOf(model);
  const read = () => {
    serving = servingOf(model);
  };
  const ends = [
    ...['backend-selected', 'version-swapped', 'version-rolled-back'].map((event) =>
      model.on(event, read),
    ),
    model.on('run-end', ({ code, totalMs }) => {
      duration.record(totalMs / 1000, code ? { ...serving, 'error.type': code } : serving);
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}

function servingOf(model) {
  const { model: name, version, backend } = model.stats();
  return { 'model.name': name, 'model.version': version, 'model.backend': backend };
}
