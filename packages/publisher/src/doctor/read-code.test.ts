import { expect, test } from 'vitest';
import { modelsIn } from './read-code.js';

const cdn = 'https://cdn.example/digits';
const integrity = `sha256-${'A'.repeat(43)}=`;

test('a reference that is opened at another address names the copy, not the address that it was made with', () => {
  const source = `export const digits = {\n  url: '${cdn}',\n  integrity: '${integrity}',\n};`;
  const minified = `var $a={url:\`${cdn}\`,integrity:\`${integrity}\`,task:\`ocr\`},b=1;`;
  const copied = [{ address: '/models/digits', voucher: integrity }];
  expect(modelsIn(`${source} open({ ...digits, url: '/models/digits' })`)).toEqual(copied);
  expect(modelsIn(`${minified}c({...$a,url:\`/models/digits\`})`)).toEqual(copied);
  expect(modelsIn(`${source} open({ ...others, url: '/models/digits' })`)).toEqual([
    { address: cdn, voucher: integrity },
  ]);
  expect(modelsIn(`${minified}c($a)`)).toEqual([{ address: cdn, voucher: integrity }]);
});
