import { expect, test } from 'vitest';
import { readPlaywright, readVitest, slowestOf } from './test-report.mjs';

const VITEST = {
  numPassedTests: 2,
  numFailedTests: 0,
  numFailedTestSuites: 0,
  testResults: [
    {
      assertionResults: [
        { fullName: 'a queue is fair', duration: 5 },
        { fullName: 'what is left out takes no time' },
      ],
    },
  ],
};

const PLAYWRIGHT = {
  stats: { expected: 1, flaky: 1, unexpected: 0 },
  suites: [
    {
      specs: [
        {
          ...{ file: 'a.flow.ts', title: 'it opens' },
          tests: [{ projectName: 'firefox', status: 'expected', results: [{ duration: 30 }] }],
        },
      ],
      suites: [
        {
          specs: [
            {
              ...{ file: 'a.flow.ts', title: 'it runs' },
              tests: [
                {
                  ...{ projectName: 'firefox', status: 'flaky' },
                  results: [{ duration: 40 }, { duration: 2 }],
                },
              ],
            },
          ],
        },
      ],
    },
  ],
};

test('of Vitest tests are counted, and a file that broke before them is one that failed', () => {
  expect(readVitest(VITEST)).toMatchObject({ passed: 2, failed: 0, retried: [] });
  expect(readVitest({ ...VITEST, numFailedTestSuites: 1 }).failed).toBe(1);
  expect(readVitest({ ...VITEST, numFailedTests: 1, numFailedTestSuites: 1 }).failed).toBe(1);
});

test('those that failed are named', () => {
  const [file] = VITEST.testResults;
  const assertionResults = [{ fullName: 'a queue is full', status: 'failed' }];
  const failed = { ...VITEST, numFailedTests: 1, testResults: [file, { assertionResults }] };
  expect(readVitest(failed).failures).toEqual(['a queue is full']);
  const tests = [{ projectName: 'firefox', status: 'unexpected', results: [{ duration: 1 }] }];
  const suites = [{ specs: [{ file: 'a.flow.ts', title: 'it ends', tests }] }];
  expect(readPlaywright({ ...PLAYWRIGHT, suites }).failures).toEqual([
    'firefox, a.flow.ts: it ends',
  ]);
});

test('of Playwright tests are counted, those that were tried again named, and errors outside of tests failed', () => {
  expect(readPlaywright(PLAYWRIGHT)).toMatchObject({
    ...{ passed: 2, failed: 0, retried: ['firefox, a.flow.ts: it runs'] },
  });
  expect(readPlaywright({ ...PLAYWRIGHT, errors: [{}] }).failed).toBe(1);
});

test('the slowest tests of all suites come first, each with all its tries', () => {
  expect(slowestOf([readVitest(VITEST), readPlaywright(PLAYWRIGHT)], 3)).toEqual([
    { title: 'firefox, a.flow.ts: it runs', ms: 42 },
    { title: 'firefox, a.flow.ts: it opens', ms: 30 },
    { title: 'a queue is fair', ms: 5 },
  ]);
});
