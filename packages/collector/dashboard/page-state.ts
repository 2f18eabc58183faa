/** Time ranges to choose from. */
export const RANGES = [
  { key: '1h', label: '1 h', words: 'the last hour', rangeMs: 3_600_000 },
  { key: '6h', label: '6 h', words: 'the last 6 hours', rangeMs: 21_600_000 },
  { key: '24h', label: '24 h', words: 'the last 24 hours', rangeMs: 86_400_000 },
  { key: '7d', label: '7 d', words: 'the last 7 days', rangeMs: 604_800_000 },
  { key: '30d', label: '30 d', words: 'the last 30 days', rangeMs: 2_592_000_000 },
] as const;

export type Range = (typeof RANGES)[number];

/** What is looked at. It stands in the address, so that a view can be reloaded and shared. */
export interface PageState {
  /** Empty: the first model. */
  readonly model: string;
  /** Empty: all versions. */
  readonly version: string;
  readonly range: Range;
}

export function readPageState(search: string): PageState {
  const given = new URLSearchParams(search);
  return {
    model: given.get('model') ?? '',
    version: given.get('version') ?? '',
    range: RANGES.find(({ key }) => key === given.get('range')) ?? RANGES[0],
  };
}

export function pageStateSearch({ model, version, range }: PageState): string {
  const search = new URLSearchParams({ range: range.key });
  if (model) search.set('model', model);
  if (version) search.set('version', version);
  return `?${search}`;
}
