import type { TraceSpan } from '@nearside/core';
import type { KeptTrace } from '../../src/store/rollup-store.js';
import { element } from '../element.js';
import { drawnPanel } from '../panel/panel.js';
import { type Cell, number, type Table, text } from '../table/table.js';
import { tableElement } from '../table/table-element.js';
import { formatDuration, formatMoment } from '../words/format.js';

const STAGES = ['queue', 'preprocess', 'model', 'postprocess'] as const;

/** Shows runs that failed or were slow. An app finds its own by `meta.id`. */
export const tracesPanel = drawnPanel({
  id: 'traces',
  title: 'Traces',
  aside: 'runs that failed or were slow, the last first',
  isWide: true,
  needs: ['traces'],
  table: ({ traces }) => tracesTable(traces.traces),
  drawing: () => {
    const wanted = element('input', {
      type: 'search',
      placeholder: '0f0f0f0f-12',
      'data-testid': 'trace-id',
    });
    const label = element('label', { class: 'choice' }, element('span', {}, 'meta.id'), wanted);
    const place = element('div');
    let shown: readonly KeptTrace[] = [];
    const show = () => {
      const found = shown.filter((trace) => idOf(trace).includes(wanted.value.trim()));
      place.replaceChildren(...tableElement('Traces', tracesTable(found)));
    };
    wanted.addEventListener('input', show);
    return {
      element: element('div', {}, label, place),
      show({ traces }) {
        if (JSON.stringify(traces.traces) === JSON.stringify(shown)) return;
        shown = traces.traces;
        show();
      },
    };
  },
});

function tracesTable(traces: readonly KeptTrace[]): Table {
  return {
    columns: ['meta.id', 'When', 'Why', 'Took', ...STAGES, 'Version', 'Backend', 'Device'],
    rows: traces.map((trace): Cell[] => {
      const [run, ...stages] = trace.spans;
      const stageMs = (name: string) => {
        const span = stages.find((one) => one.name === name);
        return span ? durationMs(span) : null;
      };
      return [
        text(idOf(trace), { tone: 'code' }),
        {
          text: formatMoment(trace.arrivedMs),
          value: new Date(trace.arrivedMs).toISOString(),
        },
        text(attribute(run, 'error.type') || attribute(run, 'nearside.reason')),
        number(run ? durationMs(run) : null, formatDuration),
        ...STAGES.map((name) => number(stageMs(name), formatDuration)),
        text(attribute(run, 'nearside.version')),
        text(attribute(run, 'nearside.backend')),
        text(attribute(run, 'nearside.device')),
      ];
    }),
    none:
      'No trace of a failed or slow run is kept. A page sends them only with traceRate: ' +
      'open(url, { report: { to, traceRate: 0.01 } }).',
    filledBy: 'sent only with traceRate',
  };
}

function idOf({ spans }: KeptTrace): string {
  return attribute(spans[0], 'nearside.run.id');
}

function attribute(span: TraceSpan | undefined, wanted: string): string {
  if (span?.name !== 'inference') return '';
  const found = span.attributes.find(({ key }) => key === wanted);
  return found && 'stringValue' in found.value ? found.value.stringValue : '';
}

function durationMs({ startTimeUnixNano, endTimeUnixNano }: TraceSpan): number {
  return Number(BigInt(endTimeUnixNano) - BigInt(startTimeUnixNano)) / 1e6;
}
