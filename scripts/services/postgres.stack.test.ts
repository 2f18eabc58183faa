import { expect, test } from 'vitest';
import { addressOfAll, startPostgres } from './postgres.mjs';

test('a PostgreSQL that is killed comes back with all that it acknowledged, and so does its promoted standby', async () => {
  const primary = await startPostgres();
  const standby = await primary.startStandby();
  try {
    const address = await primary.createDatabase();
    await primary.query('CREATE TABLE fact AS SELECT 42 AS answer', address);
    await primary.kill();
    await standby.promote();
    const asked = 'UPDATE fact SET answer = answer + 1 RETURNING answer';
    const both = addressOfAll([primary, standby], address);
    expect(await standby.query(asked, both)).toEqual([['43']]);
    await primary.start();
    expect(await primary.query('SELECT answer FROM fact', address)).toEqual([['42']]);
  } finally {
    await Promise.all([primary.close(), standby.close()]);
  }
});
