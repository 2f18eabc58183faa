import { fork } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { fileURLToPath } from 'node:url';

const CONNECTIONS = 32;

/** Starts a collector on a file, with a clock that is moved from here. Port 0 takes any free one. */
export async function startFleetCollector(
  file,
  { nowMs, models, prices, slo, looksEveryMs, port: wanted = 0 },
) {
  const path = fileURLToPath(new URL('collector-process.mjs', import.meta.url));
  const numbers = [looksEveryMs, wanted].map(String);
  const child = fork(path, [file, String(nowMs), models, prices, slo, ...numbers]);
  const answer = async () => (await once(child, 'message'))[0];
  const { url, port } = await answer();
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

  return {
    url,
    port,
    async moveClock(nowMs) {
      child.send({ nowMs });
      await answer();
    },
    /** Has it read what is known of models again, now. */
    async reloadModels() {
      child.send({ modelsChanged: true });
      await answer();
    },
    /** Has it look for findings, as it does every five minutes of real time. */
    async look() {
      child.send({ look: true });
      await answer();
    },
    /** @returns {Promise<number>} the status of the answer */
    send: (report) => post(report, { port, agent }),
    async read(path) {
      const answer = await fetch(url + path);
      if (!answer.ok) throw new Error(`${path}: expected 200, got ${answer.status}`);
      return answer.headers.get('content-type')?.includes('json') ? answer.json() : answer.text();
    },
    /** @returns {Promise<{ peakBytes: number, databaseBytes: number }>} */
    async close() {
      agent.destroy();
      child.send({ isOver: true });
      const { peakBytes } = await answer();
      return { peakBytes, databaseBytes: (await stat(file)).size };
    },
  };
}

function post(report, { port, agent }) {
  const body = JSON.stringify(report);
  return new Promise((resolve, reject) => {
    const sending = request(
      {
        port,
        agent,
        method: 'POST',
        path: '/v1/reports',
        headers: { 'content-type': 'text/plain', 'content-length': Buffer.byteLength(body) },
      },
      (answer) => {
        answer.resume();
        answer.on('end', () => resolve(answer.statusCode));
      },
    );
    sending.on('error', reject);
    sending.end(body);
  });
}
