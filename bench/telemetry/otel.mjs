// The package exports its histogram as part of a metrics pipeline alone; the class itself is in its build.
import { createRequire } from 'node:module';
import { dirname } from 'node:path';

const require = createRequire(import.meta.url);
const folder = dirname(require.resolve('@opentelemetry/sdk-metrics'));

export const { ExponentialHistogramAccumulation, ExponentialHistogramAggregator } = require(
  `${folder}/aggregator/ExponentialHistogram.js`,
);
