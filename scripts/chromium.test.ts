import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { chromiumLaunch } from './chromium.mjs';
import { root } from './root.mjs';

test('what Playwright turns off of Chromium stays off, though our list replaces its own', () => {
  const source = readFileSync(`${root}node_modules/playwright-core/lib/coreBundle.js`, 'utf8');
  const [, list = ''] = /disabledFeatures = \[(.*?)\]\.filter/s.exec(source) ?? [];
  const theirs = [...list.matchAll(/^\s*"(\w+)",?$/gm)].map(([, name]) => name);
  expect(theirs.length).toBeGreaterThan(10);
  const [, ours = ''] = /--disable-features=(.*)/.exec(chromiumLaunch.args.join(' ')) ?? [];
  expect(ours.split(',')).toEqual(expect.arrayContaining(theirs));
});
