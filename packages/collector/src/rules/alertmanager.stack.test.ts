import { readFileSync } from 'node:fs';
import { afterAll, expect, test } from 'vitest';
import { startAlertmanager } from '../../../../scripts/services/alertmanager.mjs';
import { startReceiver } from '../../../../scripts/services/receiver.mjs';
import { until } from '../../../../scripts/services/service.mjs';

const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

test('a collector that is down silences the models that it watched, and those of no other', async () => {
  const receiver = await startReceiver();
  closing.push(receiver.close);
  const file = new URL('../../../../deploy/alertmanager.yml', import.meta.url);
  const config = readFileSync(file, 'utf8')
    .replaceAll(/url_file: \/run\/secrets\/(\S+)-url/g, `url: '${receiver.url}/$1'`)
    .replaceAll(/mute_time_intervals: .*/g, '') // else it would fail on some Sundays
    .replaceAll(/group_wait: \S+/g, 'group_wait: 3s');
  const alertmanager = await startAlertmanager(config);
  closing.push(alertmanager.close);
  const down = { alertname: 'NearsideCollectorDown', severity: 'page', team: 'infra', job: 'here' };
  const silence = { ...down, alertname: 'NearsideSilence', model: 'digits' };
  await fetch(`${alertmanager.url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(
      [down, silence, { ...silence, job: 'elsewhere' }].map((labels) => ({ labels })),
    ),
  });
  await until(() => receiver.received.length >= 2);
  const told = receiver.received.flatMap(({ path, body }) =>
    (body.alerts as { labels: typeof silence }[]).map(
      ({ labels }) => `${path} ${labels.alertname} ${labels.job}`,
    ),
  );
  expect(told.sort()).toEqual([
    '/page-infra NearsideCollectorDown here',
    '/page-infra NearsideSilence elsewhere',
  ]);
  const alerts = await alertmanager.ask('alerts?inhibited=true');
  const inhibited = alerts.filter((alert: { status: { inhibitedBy: string[] } }) => {
    return alert.status.inhibitedBy.length > 0;
  });
  expect(inhibited).toMatchObject([{ labels: { alertname: 'NearsideSilence', job: 'here' } }]);
});
