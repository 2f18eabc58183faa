/** Samples by `name{labels}` as written; throws on a line that is no sample or comment. */
export function parsePrometheusText(text: string): Map<string, number> {
  const samples = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of text.split('\n').filter(Boolean)) {
    if (line.startsWith('#')) {
      const [, keyword, name] = line.split(' ');
      if (keyword === 'TYPE') typed.add(name as string);
      continue;
    }
    const match = /^([a-z0-9_]+)(?:\{(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*\})? (\S+)$/.exec(line);
    if (!match) throw new Error(`not a sample: ${line}`);
    const [, name = '', value] = match;
    if (!typed.has(name) && !typed.has(name.replace(/_(bucket|sum|count)$/, ''))) {
      throw new Error(`a sample without a type: ${line}`);
    }
    const key = line.slice(0, line.lastIndexOf(' '));
    if (samples.has(key)) throw new Error(`a sample twice: ${line}`);
    samples.set(key, value === '+Inf' ? Number.POSITIVE_INFINITY : Number(value));
  }
  return samples;
}
