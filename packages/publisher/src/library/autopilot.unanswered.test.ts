import { rename } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import type { FakeCollector } from '../testing/collector.js';
import { flights } from '../testing/flight.js';

const DAY_MS = 86_400_000;
const CANARY = ['1.1.0 canary 5 %', '1.0.0 stable'];
const TAKEN_BACK = ['1.1.0 revoked 5 %', '1.0.0 stable'];

const openFlight = flights();

describe('without an answer of the collector', () => {
  test('a canary stays, and nobody waits', async () => {
    const { step, offers, log, collector, pauses } = await openFlight();
    collector.said = undefined;
    const { problems, canaries } = await step();
    expect(problems).toMatchObject([{ model: 'tiny', code: 'network-failed' }]);
    expect(canaries).toMatchObject([{ decision: { act: 'wait', because: 'no-answer' } }]);
    expect({ pauses, log: await log() }).toEqual({ pauses: [], log: [] });
    expect(await offers()).toEqual(CANARY);
  });

  test('with `revoke` a canary of its first share is taken back after its day, when it was asked again five minutes later', async () => {
    const { step, offers, log, collector, pauses } = await openFlight();
    collector.said = undefined;
    const { problems } = await step({ noAnswer: 'revoke' });
    expect(problems).toMatchObject([{ model: 'tiny', code: 'network-failed' }]);
    expect(pauses).toEqual([300_000]);
    expect(await offers()).toEqual(TAKEN_BACK);
    expect(await log()).toMatchObject([{ act: 'revoke', because: 'no-answer', targets: 3 }]);
  });

  test('a collector to which no device of either side has reported in two weeks tells nothing of it either', async () => {
    const { step, offers, collector, pauses } = await openFlight();
    collector.said = [];
    const { acts, problems } = await step({ noAnswer: 'revoke' });
    expect(acts).toMatchObject([{ act: 'revoke', because: 'no-answer' }]);
    expect({ problems, pauses }).toEqual({ problems: [], pauses: [300_000] });
    expect(await offers()).toEqual(TAKEN_BACK);
  });

  test.each([
    ['a token that it refuses', 401, 'read-token-missing'],
    ['an address at which something else answers', 404, 'fleet-malformed'],
  ])('%s is a wrong setting and no silence: nothing is taken back', async (_, status, code) => {
    const { step, offers, collector, pauses } = await openFlight();
    Object.assign(collector, { said: undefined, status });
    const { problems, canaries } = await step({ noAnswer: 'revoke' });
    expect(problems).toMatchObject([{ model: 'tiny', code }]);
    expect(canaries).toMatchObject([{ decision: { act: 'wait', because: 'wrong-setting' } }]);
    expect(pauses).toEqual([]);
    expect(await offers()).toEqual(CANARY);
  });

  test.each<[string, Partial<FakeCollector>, string]>([
    ['the facts of another repository', { factsRevision: 9 }, 'old-facts'],
    ['another time than the clock here', { nowMs: Date.now() - DAY_MS }, 'clock'],
  ])('one that has %s is not silent', async (_, changed, because) => {
    const { step, offers, collector, pauses } = await openFlight();
    Object.assign(collector, changed);
    const { canaries } = await step({ noAnswer: 'revoke' });
    expect(canaries).toMatchObject([{ decision: { act: 'wait', because } }]);
    expect(pauses).toEqual([]);
    expect(await offers()).toEqual(CANARY);
  });

  test('the collector of another repository is a wrong setting, also where its facts have the same number', async () => {
    const { step, says, offers, collector, pauses } = await openFlight();
    const { metadata } = await step({ dryRun: true });
    Object.assign(collector, {
      factsRevision: metadata.targets,
      factsPin: `sha256-${'A'.repeat(43)}`,
    });
    const wrong = { acts: [], canaries: [{ decision: { act: 'wait', because: 'wrong-setting' } }] };
    expect(await step({ noAnswer: 'revoke' })).toMatchObject(wrong);
    says('roll-back');
    expect(await step({ noAnswer: 'revoke' })).toMatchObject(wrong);
    expect(pauses).toEqual([]);
    expect(await offers()).toEqual(CANARY);
  });

  test('nothing happens where it answers again within five minutes', async () => {
    const { step, says, offers, collector } = await openFlight();
    collector.said = undefined;
    const { canaries } = await step({
      noAnswer: 'revoke',
      pause: async () => says('hold'),
    });
    expect(canaries).toMatchObject([{ decision: { act: 'wait', because: 'not-asked' } }]);
    expect(await offers()).toEqual(CANARY);
  });

  test('in the middle, between its two questions, nothing is acted on', async () => {
    const { step, says, offers, collector } = await openFlight();
    says('roll-back');
    collector.onAsked = () => {
      if (collector.asked === 2) collector.said = undefined;
    };
    const { problems } = await step();
    expect(problems).toMatchObject([{ code: 'network-failed' }]);
    expect(await offers()).toEqual(CANARY);
  });
});

describe('an app that nobody has used since midnight', () => {
  test('does not end its canary, because the collector is asked of its reports of two weeks', async () => {
    const { step, offers, collector } = await openFlight();
    collector.nowMs = Date.now();
    await step();
    const from = String(collector.nowMs - 14 * DAY_MS);
    expect(collector.urls.map((url) => new URLSearchParams(url.split('?')[1]).get('from'))).toEqual(
      [null, from],
    );
    expect(await offers()).toEqual(CANARY);
  });
});

describe('a repository that is out of reach', () => {
  test('in the middle of a step is an error, and the next step does the work', async () => {
    const { workspace, step, says, offers, collector } = await openFlight();
    const { repository } = workspace;
    says('roll-back');
    collector.onAsked = async () => {
      if (collector.asked === 2) await rename(repository, `${repository}.away`);
    };
    await expect(step()).rejects.toMatchObject({ code: 'file-missing' });
    await rename(`${repository}.away`, repository);
    await step();
    expect(await offers()).toEqual(TAKEN_BACK);
  });
});
