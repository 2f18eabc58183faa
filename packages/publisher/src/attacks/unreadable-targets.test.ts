import { describe, expect, test } from 'vitest';
import { inspect } from '../library/inspect.js';
import { prune } from '../library/prune.js';
import { renew } from '../library/renew.js';
import { status } from '../library/status.js';
import { verify } from '../library/verify.js';
import { forgeTargets } from '../testing/forge.js';
import { openWorkspace } from '../testing/workspace.js';

const bundle = new TextEncoder().encode('{}');

async function publishedBeside(forged: { name: string; custom: object }) {
  const workspace = await openWorkspace();
  const { pin } = await workspace.release();
  await forgeTargets(workspace, { ...forged, bundle });
  return { ...workspace, pin };
}

const RELEASE = { version: '1.0.0', sequence: 1, state: 'stable', requires: { format: 1 } };

describe('a target that no device would take for a version', () => {
  test.each([
    ['a model name that leads elsewhere', { ...RELEASE, model: '../../evil' }],
    ['a model name with control characters', { ...RELEASE, model: '\u001b]0;x\u0007' }],
  ])('with %s is reported, and all else goes on', async (_, custom) => {
    const workspace = await publishedBeside({ name: 'a.oms.json', custom });
    const { models, unreadable } = await inspect(workspace);
    expect(models.map(({ name, boot }) => [name, boot.state])).toEqual([['tiny', 'stale']]);
    expect(unreadable).toMatchObject([{ target: 'a.oms.json', code: 'metadata-malformed' }]);
    const { problems } = await verify({ ...workspace, trust: workspace.pin });
    expect(problems).toContainEqual(expect.objectContaining({ what: 'a.oms.json' }));

    expect((await renew(workspace)).renewed).toEqual(['timestamp']);
    expect((await inspect(workspace)).models[0]?.boot.state).toBe('fresh');
    expect((await status(workspace)).expiring).toBe(false);
    const nowMs = Date.now() + 1e10;
    const { removed } = await prune({ ...workspace, olderThanMs: 0, now: () => nowMs });
    expect(removed.filter(({ path }) => !path.startsWith('metadata/'))).toEqual([]);
  });

  test('with a model name that could be one keeps prune from guessing what it needs', async () => {
    const custom = { ...RELEASE, model: 'tiny', state: 'paused' };
    const workspace = await publishedBeside({ name: 'tiny-2.0.0.oms.json', custom });
    expect((await inspect(workspace)).models[0]?.versions).toHaveLength(1);
    expect((await renew(workspace)).renewed).toEqual(['timestamp']);
    await expect(prune(workspace)).rejects.toMatchObject({ code: 'metadata-malformed' });
  });

  test('because its sequence is listed twice: both are reported, and prune guesses nothing', async () => {
    const custom = { ...RELEASE, model: 'tiny', version: '1.0.1' };
    const workspace = await publishedBeside({ name: 'tiny-1.0.1.oms.json', custom });
    const { problems, versions } = await verify({ ...workspace, trust: workspace.pin });
    expect(versions).toEqual([]);
    const message = expect.stringContaining("each sequence of 'tiny' once, got 1 of");
    const reported = problems.filter(({ code }) => code === 'metadata-malformed');
    expect(reported).toEqual([
      expect.objectContaining({ what: expect.stringMatching(/^tiny.1\.0\.0/), message }),
      expect.objectContaining({ what: 'tiny-1.0.1.oms.json', message }),
    ]);
    await expect(prune(workspace)).rejects.toMatchObject({ code: 'metadata-malformed' });
  });
});
