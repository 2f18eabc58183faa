/** Events that explain an error that comes after them. The others, such as each run, would push out the app's own. */
const BREADCRUMBS = [
  'backend-selected',
  'backend-quarantined',
  'runtime-fallback',
  'version-swapped',
  'version-rolled-back',
  'version-failed',
  'drift-detected',
];

/**
 * Errors in Sentry get a tag with the version of a model, and what happened to it before them.
 *
 * @param {Pick<typeof import('@sentry/browser'), 'addBreadcrumb' | 'setTag'>} sentry or another of Sentry's SDKs
 * @param {Pick<import('nearside').Model, 'on' | 'stats'>} model
 * @returns {() => void} ends it
 */
export function tellSentry(sentry, model) {
  const { model: name, version } = model.stats();
  const tag = (released) => sentry.setTag(`model.${name}`, released);
  const breadcrumb = (message, data, level = 'info') =>
    sentry.addBreadcrumb({ category: `model.${name}`, message, data, level });
  tag(version);
  const ends = [
    ...BREADCRUMBS.map((event) => model.on(event, (data) => breadcrumb(event, data))),
    model.on('version-swapped', ({ to }) => tag(to)),
    model.on('version-rolled-back', ({ to }) => tag(to)),
    model.on('run-end', ({ ok, ...data }) => {
      if (!ok) breadcrumb('a run failed', data, 'warning');
    }),
  ];
  return () => {
    for (const end of ends) end();
  };
}
