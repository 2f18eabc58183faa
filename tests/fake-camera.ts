import { readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumTestLaunch } from '../scripts/chromium.mjs';
import { root } from '../scripts/root.mjs';

/** A Chromium whose camera shows the example picture of the demo over and over. */
export function fakeCamera() {
  const file = join(tmpdir(), `nearside-seen-${process.pid}.mjpeg`);
  const args = [
    ...chromiumTestLaunch.args,
    '--use-fake-device-for-media-stream',
    '--use-fake-ui-for-media-stream',
    `--use-file-for-fake-video-capture=${file}`,
  ];
  return {
    launchOptions: { ...chromiumTestLaunch, args },
    async write() {
      const picture = await readFile(`${root}examples/digits/samples/astronaut.jpg`);
      await writeFile(file, Buffer.concat([picture, picture]));
    },
    remove: () => rm(file),
  };
}
