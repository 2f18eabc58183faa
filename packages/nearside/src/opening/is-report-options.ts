import type { OpenOptions, ReportOptions } from './open-options.js';

/** An object, and not an address or a list of them. */
export function isReportOptions(
  report: NonNullable<OpenOptions['report']>,
): report is ReportOptions {
  return typeof report === 'object' && !Array.isArray(report);
}
