import { contentProcesses, residentBytes } from './content-process.mjs';

/** How often memory is read, ms. */
const LOOK_MS = 5;

/** Processes are listed anew once in so many looks, because all of /proc is read for that. */
const LOOKS_PER_LIST = 10;

/**
 * Watches the processes of all pages as a phone does: one that takes more than there is room for is killed, without a word.
 *
 * @param {{ roomBytes: number }} options of one page, as `residentBytes` counts
 * @returns {{ kills: { pid: number, bytes: number }[], peakBytes(): number, stop(): void }} the largest that was seen, killed or not
 */
export function startPhone({ roomBytes }) {
  const kills = [];
  let peakBytes = 0;
  let looks = 0;
  let watched = [];
  const look = () => {
    if (looks % LOOKS_PER_LIST === 0) watched = contentProcesses();
    looks += 1;
    for (const pid of watched) {
      const bytes = residentBytes(pid);
      peakBytes = Math.max(peakBytes, bytes);
      if (bytes <= roomBytes) continue;
      process.kill(pid, 'SIGKILL');
      watched = watched.filter((other) => other !== pid);
      kills.push({ pid, bytes });
    }
  };
  const timer = setInterval(look, LOOK_MS);
  return { kills, peakBytes: () => peakBytes, stop: () => clearInterval(timer) };
}
