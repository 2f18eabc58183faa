import type { FleetAccuracy, VersionAccuracy } from '../../src/fleet/accuracy.js';
import { reliabilityDiagram } from '../charts/reliability.js';
import { element } from '../element.js';
import { drawnPanel, tablePanel } from '../panel/panel.js';
import { type Cell, figure, number, type Table, text } from '../table/table.js';
import { tableElement } from '../table/table-element.js';
import { formatCompact, formatCount, formatRate, formatShareOf } from '../words/format.js';
import { NO_BASELINE } from './distributions.js';

const count = (value: number | null | undefined) => formatCount(value ?? 0);
const shareOf = (value: number | null | undefined) => formatShareOf(value ?? null);

const NO_LABELS = {
  none: 'No label came in this time. The app gives them: model.feedback(meta.id, { label }).',
  filledBy: 'needs labels: model.feedback',
};

export const accuracyPanel = tablePanel({
  id: 'accuracy',
  title: 'Accuracy',
  isWide: true,
  needs: ['accuracy'],
  table: ({ accuracy }) => ({
    columns: ['Version', 'Estimated', 'By labels', 'Labels', 'Held-out', 'Live ÷ held-out'],
    rows: accuracy.versions.map((one): Cell[] =>
      one.missing
        ? [text(`${one.version}: too few devices`, { tone: 'quiet' })]
        : [
            text(one.version, {
              ...(one.concept?.isAlarm && {
                aside: 'right less often than it says',
                tone: 'alarm',
              }),
            }),
            figure(one.estimated, formatRate),
            figure(one.labelled, formatRate),
            number(one.labelled.n, (n) => formatCompact(n ?? 0)),
            figure(one.offline, formatRate),
            figure(one.liveToOffline, (value) => (value ?? 0).toFixed(3)),
          ],
    ),
    none: 'No version reported.',
    note:
      'Estimated from how sure the model is, so it does not see when the same confidence comes to mean less. ' +
      'Labels are weighted to the mix of all runs.',
  }),
});

/** Shows how often the model is right at each confidence. */
export const reliabilityPanel = drawnPanel({
  id: 'reliability',
  title: 'Reliability',
  aside: 'how often it is right when it is so sure',
  isWide: true,
  needs: ['accuracy'],
  table: ({ accuracy }) => reliabilityTable(mostLabelled(accuracy)),
  drawing: () => {
    const place = element('div');
    return {
      element: place,
      show({ accuracy }) {
        const version = mostLabelled(accuracy);
        if (!version) return;
        const points = version.calibration.map((bin) => ({
          confidence: (bin.from + bin.to) / 2,
          field: bin.labels > 0 ? bin.correct / bin.labels : null,
          lab: bin.lab > 0 ? bin.labCorrect / bin.lab : null,
          labels: bin.labels,
        }));
        const words = `Share of right answers by confidence, of ${version.version}: field and lab.`;
        place.replaceChildren(
          element(
            'p',
            { class: 'quiet' },
            `${version.version}. Dots: labels of the field, larger where there are more. Line: the lab.`,
          ),
          element(
            'div',
            { class: 'reliable' },
            reliabilityDiagram(points, words),
            element('div', {}, ...tableElement('Reliability', reliabilityTable(version))),
          ),
        );
      },
    };
  },
});

function mostLabelled({ versions }: FleetAccuracy): VersionAccuracy | undefined {
  const labels = ({ labelled }: VersionAccuracy) => labelled.n;
  return versions
    .filter(({ calibration }) => calibration.length > 0)
    .toSorted((a, b) => labels(b) - labels(a))[0];
}

function reliabilityTable(version: VersionAccuracy | undefined): Table {
  return {
    columns: ['Confidence', 'Runs', 'Labels', 'Right', 'Right in the lab'],
    rows: (version?.labelled.n ? version.calibration : []).map((bin) => [
      text(`${bin.from} to ${bin.to}`),
      number(bin.runs, count),
      number(bin.labels, count),
      number(bin.labels > 0 ? bin.correct / bin.labels : null, formatRate, {
        ...(bin.labels < 100 && { isThin: true }),
      }),
      number(bin.lab > 0 ? bin.labCorrect / bin.lab : null, formatRate),
    ]),
    ...(version ? NO_LABELS : NO_BASELINE),
  };
}

/** Shows which labels were taken for which others. */
export const confusionPanel = tablePanel({
  id: 'confusion',
  title: 'Confusion',
  aside: 'rows: what it was, columns: what the model said',
  isWide: true,
  needs: ['accuracy'],
  table: ({ accuracy }) => {
    const version = accuracy.versions
      .filter(({ confusion }) => confusion)
      .toSorted((a, b) => b.labelled.n - a.labelled.n)[0];
    const { labels = [], pairs = [], byLabel = [] } = version?.confusion ?? {};
    const seen = labels.map((_, i) => i).filter((i) => pairs.some(([a, p]) => a === i || p === i));
    const at = (actual: number, predicted: number) =>
      pairs.find(([a, p]) => a === actual && p === predicted)?.[2] ?? 0;
    const ofRow = (actual: number) => seen.reduce((sum, one) => sum + at(actual, one), 0);
    return {
      columns: [version?.version ?? '', ...seen.map((i) => labels[i] ?? ''), 'Recall', 'Precision'],
      rows: seen.map((actual): Cell[] => [
        text(labels[actual] ?? ''),
        ...seen.map((predicted) =>
          number(at(actual, predicted), count, {
            shade: ofRow(actual) === 0 ? 0 : at(actual, predicted) / ofRow(actual),
          }),
        ),
        ...[byLabel[actual]?.recall, byLabel[actual]?.precision].map((one) =>
          one ? figure(one, formatRate) : number(null, formatRate),
        ),
      ]),
      ...NO_LABELS,
      ...(version && {
        note: `Of ${version.version}, as labels came: people correct what looks wrong.`,
      }),
    };
  },
});

/** Shows the outcomes that the app reports, and the errors of predicted numbers. */
export const outcomesPanel = tablePanel({
  id: 'outcomes',
  title: 'Outcomes and errors of values',
  aside: 'by version',
  needs: ['accuracy'],
  table: ({ accuracy }) => ({
    columns: ['What', 'Mean', 'n'],
    rows: accuracy.versions.flatMap(({ version, outcomes, values }): Cell[][] => [
      ...outcomes.map(({ name, mean }) => [
        text(name, { aside: version }),
        figure(mean, shareOf),
        number(mean.n, count),
      ]),
      ...(values
        ? [
            [
              text('mean error', { aside: version }),
              figure(values.mean, shareOf),
              number(values.mean.n, count),
            ],
            [
              text('mean absolute error', { aside: version }),
              figure(values.meanAbsolute, shareOf),
              number(values.meanAbsolute.n, count),
            ],
          ]
        : []),
    ]),
    asideName: 'Version',
    none:
      'No outcome came in this time: model.outcome(name, value). No truth of a number came either: ' +
      'model.feedback(meta.id, { value }).',
    filledBy: 'needs model.outcome',
  }),
});
