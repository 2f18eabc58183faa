import { expect, test } from 'vitest';
import { formatShare as onBenchmarkPage } from '../../../bench/page/src/results/words.ts';
import { formatRate as onDashboard } from '../../../packages/collector/dashboard/words/format.js';
import { formatPercent } from './format-percent.js';

test('a share is 0% or 100% only where it is none or all, and every page writes it alike', () => {
  const shares = [0, 0.00004, 0.0004, 0.0312, 0.544, 0.97349, 0.9984, 0.99997, 1 - 1e-9, 1];
  const written = ['0%', '<0.01%', '0.04%', '3.1%', '54.4%', '97.3%', '99.84%'];
  for (const format of [formatPercent, onDashboard, onBenchmarkPage]) {
    expect(shares.map(format)).toEqual([...written, '>99.99%', '>99.99%', '100%']);
  }
});
