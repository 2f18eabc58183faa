import { createDeferred } from '@nearside/core';
import { expect, test } from 'vitest';
import { LOADED, VERSION, withStandIns } from '../../../testing/worker-stand-in.js';
import { BESIDE_RUNS } from '../../choice/page-mark.js';
import { Handover } from '../../serving/handover.js';
import { startBeside } from './start-beside.js';

test('of two works beside a model the first that ends leaves the mark of the other', async () => {
  const { context, serve } = withStandIns(() => ({
    open: async () => VERSION,
    load: async () => LOADED,
  }));
  const handover = new Handover(await serve(), { revive: async (lost) => lost, onHanded() {} });
  let cleared = 0;
  const mark = (place: number, work?: object) => {
    if (place === BESIDE_RUNS && !work) cleared += 1;
  };
  const [shadow, update] = [createDeferred<void>(), createDeferred<void>()];
  const works = [shadow, update].map(({ promise }) =>
    startBeside({ handover, context: { ...context, mark } }, () => promise),
  );
  shadow.resolve();
  await works[0];
  expect(cleared).toBe(0);
  update.resolve();
  await works[1];
  expect(cleared).toBe(1);
});
