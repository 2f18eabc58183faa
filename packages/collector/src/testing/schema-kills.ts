import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sum } from '@nearside/core';
import { expect, test } from 'vitest';
import { SCHEMA_VERSION } from '../sqlite/schema.js';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import { bundle } from './bundle.js';
import { contributionsTo, placeSchemaFile } from './schema-files.js';
import { temporaryFolder } from './temporary-folder.js';

let command: Promise<URL> | undefined;

/** Tests that a process which is killed while it brings a file up to date loses nothing and counts nothing twice. */
export function testSchemaKills(schema: string, { step }: { step: number }): void {
  test(`a process that is killed before statement 1, ${1 + step}, ${1 + 2 * step} … while it brings a file of schema ${schema} up to date loses no report and doubles none`, {
    timeout: 600_000,
  }, async () => {
    command ??= bundle(new URL('./open-until-killed.ts', import.meta.url));
    const program = fileURLToPath(await command);
    const sent = contributionsTo(schema);
    const file = join(temporaryFolder(), `${schema}.sqlite`);
    const original = `${file}.original`;
    placeSchemaFile(schema, original);
    let kills = 0;
    for (let at = 1; ; at += step) {
      for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
      copyFileSync(original, file);
      const { signal, status } = spawnSync(process.execPath, [program, file, String(at)]);
      const store = openSqliteRollupStore(file);
      const totals = await store.totals();
      const reports = totals.map(
        ({ counts }) => (counts.punctual?.reports ?? 0) + (counts.late?.reports ?? 0),
      );
      expect(sum(reports), `killed before statement ${at}`).toBe(sent.length);
      expect(new Set(await store.add(sent))).toEqual(new Set(['duplicate']));
      await store.close();
      expect(existsSync(`${file}.before-schema-${SCHEMA_VERSION}.partial`)).toBe(false);
      if (signal === null) {
        expect(status).toBe(0);
        break;
      }
      kills += 1;
    }
    expect(kills).toBeGreaterThan(30 / step);
  });
}
