/** The page did this when the browser ended it. */
const DOING: Readonly<Record<string, string>> = {
  'page-lost': 'opened or ran the model',
  'lost-opening': 'opened the model',
  'lost-loading': 'loaded the model',
  'lost-running': 'ran the model',
  'lost-warming': 'warmed the model up',
  'lost-tuning': 'tried a faster backend',
  'lost-updating': 'tried a newer version',
};

/** Explains the codes of pages that died. Undefined where there are none: other codes are failures that somebody saw. */
export function lostNote(codes: readonly string[]): string | undefined {
  const said = [...new Set(codes)].flatMap((code) =>
    DOING[code] ? [`${DOING[code]} (${code})`] : [],
  );
  return said.length > 0 ? `The browser ended the page while it ${said.join(', ')}.` : undefined;
}
