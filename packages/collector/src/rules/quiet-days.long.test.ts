import { expect, test } from 'vitest';
import { parseTargets } from '../files/targets.js';
import { hasPromtool, NO_PROMTOOL, rulesOf } from '../testing/promtool.js';
import { playQuietDays } from '../testing/quiet-days.js';
import { ruleGroups } from './rules-file.js';

test.skipIf(!hasPromtool)(
  `thirty quiet days call nobody${hasPromtool ? '' : `: ${NO_PROMTOOL}`}`,
  { timeout: 600_000 },
  async () => {
    const rules = ruleGroups(parseTargets({}), 'https://collector.example');
    const pages = rulesOf(rules, ({ labels }) => labels.severity === 'page');
    expect(await playQuietDays(pages, 30)).toBe('');
  },
);
