/** Ranges that end now. */
export const RANGES = [
  { key: '1h', label: '1 h', words: 'the last hour', rangeMs: 3_600_000 },
  { key: '6h', label: '6 h', words: 'the last 6 hours', rangeMs: 21_600_000 },
  { key: '24h', label: '24 h', words: 'the last 24 hours', rangeMs: 86_400_000 },
  { key: '7d', label: '7 d', words: 'the last 7 days', rangeMs: 604_800_000 },
  { key: '30d', label: '30 d', words: 'the last 30 days', rangeMs: 2_592_000_000 },
] as const;

export type LastRange = (typeof RANGES)[number];

/** Two moments, Unix ms. */
export interface Stretch {
  readonly fromMs: number;
  readonly toMs: number;
}

export const VIEWS = [
  { key: 'on-call', label: 'On-call' },
  { key: 'debug', label: 'Debug' },
  { key: 'executive', label: 'Executive' },
] as const;

export type ViewName = (typeof VIEWS)[number]['key'];

/** The state of the page. It is in the address, so that a view can be reloaded and shared. */
export interface PageState {
  readonly view: ViewName;
  /** The first model when empty. */
  readonly model: string;
  /** All versions when empty. */
  readonly version: string;
  /** `device:phone`, `backend:onnx-wasm`. The whole fleet when empty. */
  readonly segment: string;
  /** A range that ends now and moves on with time, or two moments. */
  readonly range: LastRange | Stretch;
  /** Month of the executive view: `2026-03`. The newest with data when empty. */
  readonly month: string;
}

/** The page opens on this range. */
export const DAY: LastRange = RANGES[2];

export function readPageState(search: string): PageState {
  const given = new URLSearchParams(search);
  const text = (name: string) => given.get(name) ?? '';
  const segment = text('segment');
  const month = text('month');
  return {
    view: VIEWS.find(({ key }) => key === text('view'))?.key ?? 'on-call',
    model: text('model'),
    version: text('version'),
    segment: /^(device|backend):./.test(segment) ? segment : '',
    range:
      stretchOf(text('from'), text('to')) ??
      dayUntil(text('at')) ??
      RANGES.find(({ key }) => key === text('range')) ??
      DAY,
    month: /^\d{4}-(0[1-9]|1[0-2])$/.test(month) ? month : '',
  };
}

export function pageStateSearch({ range, ...state }: PageState): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(state)) if (value) search.set(name, value);
  if ('key' in range) search.set('range', range.key);
  else {
    search.set('from', new Date(range.fromMs).toISOString());
    search.set('to', new Date(range.toMs).toISOString());
  }
  return `?${search}`;
}

/** Returns the day before a moment in ISO 8601. */
function dayUntil(at: string): Stretch | undefined {
  const atMs = Date.parse(at);
  return Number.isNaN(atMs) ? undefined : { fromMs: atMs - DAY.rangeMs, toMs: atMs };
}

/** Parses two moments in ISO 8601. @returns undefined where they are none, or in the wrong order */
export function stretchOf(from: string, to: string): Stretch | undefined {
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  return fromMs < toMs ? { fromMs, toMs } : undefined;
}
