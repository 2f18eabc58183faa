import { expect, test } from 'vitest';
import { runStages, withNeeds } from './run-stages.mjs';

const GOOD = { passed: 1, failed: 0 };
const BAD = { passed: 0, failed: 1 };

/** Stages that end when they are told to, and what is running. */
function stagesToEnd() {
  const ends = new Map<string, (outcome: typeof GOOD) => void>();
  const stage = (
    name: string,
    more: { needs?: string[]; after?: string[]; places?: number } = {},
  ) => ({
    name,
    ...more,
    run: () => new Promise<typeof GOOD>((resolve) => ends.set(name, resolve)),
  });
  async function end(name: string, outcome = GOOD): Promise<void> {
    ends.get(name)?.(outcome);
    ends.delete(name);
    await new Promise(setImmediate);
  }
  return { stage, end, running: () => [...ends.keys()] };
}

test('two stages run side by side, and the next one when there is room', async () => {
  const { stage, end, running } = stagesToEnd();
  const all = runStages(
    ['a', 'b', 'c'].map((name) => stage(name)),
    2,
  );
  expect(running()).toEqual(['a', 'b']);
  await end('b');
  expect(running()).toEqual(['a', 'c']);
  await end('a');
  await end('c');
  expect([...(await all).keys()]).toEqual(['b', 'a', 'c']);
});

test('a stage waits for what it needs and for room for all that it takes, and those named later wait behind it', async () => {
  const { stage, end, running } = stagesToEnd();
  const stages = [
    stage('install', { places: 0 }),
    stage('build'),
    stage('flow', { needs: ['build'], places: 2 }),
    stage('unit'),
    stage('lint'),
  ];
  const all = runStages(stages, 2);
  expect(running()).toEqual(['install', 'build', 'unit']);
  await end('build');
  expect(running()).toEqual(['install', 'unit']);
  await end('unit');
  expect(running()).toEqual(['install', 'flow']);
  await end('flow');
  expect(running()).toEqual(['install', 'lint']);
  await end('lint');
  await end('install');
  expect((await all).size).toBe(5);
});

test('what a failed stage is needed for fails without being run; the rest is run', async () => {
  const { stage, end, running } = stagesToEnd();
  const stages = [stage('build'), stage('flow', { needs: ['build'] }), stage('unit')];
  const all = runStages(stages, 2);
  await end('build', BAD);
  expect(running()).toEqual(['unit']);
  await end('unit');
  expect(Object.fromEntries(await all)).toEqual({ build: BAD, flow: BAD, unit: GOOD });
});

test('a stage goes after another whether that went well or not, and at once where that does not run', async () => {
  const { stage, end, running } = stagesToEnd();
  const after = runStages([stage('build'), stage('unit', { after: ['build'] })], 2);
  expect(running()).toEqual(['build']);
  await end('build', BAD);
  expect(running()).toEqual(['unit']);
  await end('unit');
  expect((await after).get('unit')).toEqual(GOOD);
  const alone = runStages([stage('unit', { after: ['build'] })], 2);
  expect(running()).toEqual(['unit']);
  await end('unit');
  await alone;
});

test('a need that is not among the stages is not waited for', async () => {
  const { stage, end, running } = stagesToEnd();
  const all = runStages([stage('flow', { needs: ['browsers'] })], 2);
  expect(running()).toEqual(['flow']);
  await end('flow');
  expect((await all).get('flow')).toEqual(GOOD);
});

test('what is asked for comes with all that it needs, in the order of all', () => {
  const stages = [
    { name: 'packages' },
    { name: 'unit' },
    { name: 'build', needs: ['packages'] },
    { name: 'flow', needs: ['build'] },
  ];
  const names = withNeeds(stages, ['flow']).map(({ name }) => name);
  expect(names).toEqual(['packages', 'build', 'flow']);
});
