// node autopilot-process.mjs <options of autopilot as JSON, with `killAtWrite`>: ends as in a crash before the nth write.
import { promises } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { autopilot } from '@nearside/publisher';

/** What changes a disk by its path. */
const WRITES = ['appendFile', 'mkdir', 'rename', 'rm', 'rmdir', 'unlink', 'writeFile'];

const { killAtWrite, ...options } = JSON.parse(process.argv[2]);
let writes = 0;
for (const name of WRITES) {
  const write = promises[name];
  promises[name] = async (...args) => {
    if (writes === killAtWrite) {
      // half of a line is what a crash may leave
      if (name === 'appendFile') await write(args[0], args[1].slice(0, args[1].length / 2));
      process.kill(process.pid, 'SIGKILL');
    }
    writes += 1;
    return write(...args);
  };
}
syncBuiltinESMExports();
await autopilot({
  ...options,
  pause() {
    throw new Error(
      'Expected the collector to tell of the canary, got nothing that autopilot takes',
    );
  },
});
