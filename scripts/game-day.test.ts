import { expect, test } from 'vitest';
import { fillPostmortem } from '../bench/game-day/postmortem.mjs';

test('a game day fills in every word of the postmortem, and says what is not known', async () => {
  const filled = await fillPostmortem({ INCIDENT_NAME: 'A slow version', ACTED_BY: 'autopilot' });
  expect(filled).toMatch(/^# Postmortem: A slow version\n/);
  expect(filled).toContain('| who or what acted                        | autopilot');
  expect(filled).toContain('| devices it reached | not known');
  expect(filled).not.toMatch(/[A-Z]_[A-Z]/);
});
