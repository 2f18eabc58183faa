/**
 * What a suite's JSON report says.
 *
 * @typedef {object} Report
 * @property {number} passed
 * @property {number} failed
 * @property {string[]} retried titles of tests that passed only when they were run again
 * @property {string[]} failures titles of those that failed
 * @property {{ title: string, ms: number }[]} tests each with the time that all its tries took
 */

/**
 * Reads Vitest's report. A file that breaks before its tests has none that could fail: it counts as one.
 *
 * @returns {Report}
 */
export function readVitest({ numPassedTests, numFailedTests, numFailedTestSuites, testResults }) {
  const brokenFiles = numFailedTests === 0 ? numFailedTestSuites : 0;
  const tests = testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ fullName, duration, status }) => ({
      title: fullName,
      ms: duration ?? 0,
      isFailed: status === 'failed',
    })),
  );
  const failed = numFailedTests + brokenFiles;
  return { passed: numPassedTests, failed, retried: [], ...titlesAndTimes(tests) };
}

/**
 * Reads Playwright's report. What broke outside of a test, as a file that cannot be loaded does, counts as failed.
 *
 * @param {{ stats: Record<string, number>, suites: object[], errors?: object[] }} report
 * @returns {Report}
 */
export function readPlaywright({ stats, suites, errors = [] }) {
  const specs = suites.flatMap(specsOf);
  const tests = specs.flatMap(({ file, title, tests }) =>
    tests.map(({ projectName, status, results }) => ({
      title: `${projectName}, ${file}: ${title}`,
      ms: results.reduce((sum, { duration }) => sum + duration, 0),
      isRetried: status === 'flaky',
      isFailed: status === 'unexpected',
    })),
  );
  return {
    passed: stats.expected + stats.flaky,
    failed: stats.unexpected + errors.length,
    retried: tests.filter(({ isRetried }) => isRetried).map(({ title }) => title),
    ...titlesAndTimes(tests),
  };
}

function titlesAndTimes(tests) {
  return {
    failures: tests.filter(({ isFailed }) => isFailed).map(({ title }) => title),
    tests: tests.map(({ title, ms }) => ({ title, ms })),
  };
}

function specsOf({ specs = [], suites = [] }) {
  return [...specs, ...suites.flatMap(specsOf)];
}

/** The slowest tests of all reports, the slowest first. */
export function slowestOf(reports, count) {
  const tests = reports.flatMap(({ tests }) => tests);
  return tests.sort((a, b) => b.ms - a.ms).slice(0, count);
}
