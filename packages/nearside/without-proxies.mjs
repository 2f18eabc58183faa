const PROXIES = '["proxy", proxyTransferHandler],';

/**
 * Comlink hands a function over by answering at another port, so that each of its ends needs the other. No call here hands
 * one over: without that line of its table a page has the end that asks alone, and a worker the one that answers.
 */
export const withoutProxies = {
  name: 'Comlink without proxies',
  transform(code, id) {
    if (!id.endsWith('/comlink.mjs')) return null;
    const without = code.replace(PROXIES, ' '.repeat(PROXIES.length));
    if (without === code)
      throw new Error(`Expected \`${PROXIES}\` in Comlink, as 4.4.2 has it, got another table.`);
    return { code: without, map: null };
  },
};
