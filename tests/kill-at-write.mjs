// node --import kill-at-write.mjs: ends the process as a crash does, before its nth change of a directory ($KILL_AT). All chunks are
// written alike, so they do not count.
import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const killAt = Number(process.env.KILL_AT);
let changes = 0;

for (const name of ['mkdir', 'link', 'rename', 'writeFile', 'rm']) {
  const original = promises[name];
  promises[name] = (...words) => {
    if (!words.some((word) => /\/chunks\//.test(word))) {
      if (changes === killAt) process.kill(process.pid, 'SIGKILL');
      changes += 1;
    }
    return original(...words);
  };
}
syncBuiltinESMExports();
