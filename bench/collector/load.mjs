// A process of its own that sends reports over many connections, and tells how that went.

import { randomFillSync } from 'node:crypto';
import { connect } from 'node:net';
import { draftReport, seeded } from './reports.mjs';

/** Different reports; each is sent with a fresh id. */
const DRAFTS = 2000;
const ID_LENGTH = 32;

const {
  port,
  connections,
  seconds = 3600,
  count = Number.POSITIVE_INFINITY,
  invented,
} = JSON.parse(process.argv[2]);
const drafts = draftRequests();
const latenciesMs = [];
const statuses = {};
let isOver = false;
let left = count;

const startedMs = performance.now();
const timer = setTimeout(() => {
  isOver = true;
}, seconds * 1000);
await Promise.all(Array.from({ length: connections }, sendUntilOver));
clearTimeout(timer);
const tookSeconds = (performance.now() - startedMs) / 1000;
latenciesMs.sort((a, b) => a - b);
const at = (q) => latenciesMs[Math.min(latenciesMs.length - 1, Math.floor(q * latenciesMs.length))];
console.log(
  JSON.stringify({
    statuses,
    perSecond: latenciesMs.length / tookSeconds,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }),
);

/** One request after another on one connection. */
function sendUntilOver(_, first) {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let next = first;
    let sentMs = 0;
    const send = () => {
      const { bytes, idAt } = invented ? inventedRequest(next) : drafts[next % drafts.length];
      next += connections;
      left -= 1;
      if (!invented) bytes.write(freshId(), idAt, 'latin1');
      sentMs = performance.now();
      socket.write(bytes);
    };
    socket.setNoDelay(true);
    socket.on('connect', send);
    socket.on('error', reject);
    // answers are short: each comes in one piece
    socket.on('data', (answer) => {
      const status = answer.latin1Slice(9, 12);
      statuses[status] = (statuses[status] ?? 0) + 1;
      latenciesMs.push(performance.now() - sentMs);
      if (!isOver && left > 0) return send();
      socket.destroy();
      resolve();
    });
  });
}

function draftRequests() {
  const random = seeded(7);
  const nowMs = Date.now();
  return Array.from({ length: DRAFTS }, () => {
    const t0 = nowMs - 300_000 - Math.floor(random() * 60_000);
    return requestOf(draftReport(random, { t0, sent: nowMs }));
  });
}

function requestOf(report) {
  const body = JSON.stringify(report);
  const head = `POST /v1/reports HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}\r\n\r\n`;
  return { bytes: Buffer.from(head + body), idAt: head.length + body.indexOf('"id":"') + 6 };
}

/** The i-th report of somebody who invents names: a model, a version and a release of the app for each. */
function inventedRequest(i) {
  const nowMs = Date.now();
  const random = seeded(i);
  const report = draftReport(random, { t0: nowMs - 300_000, sent: nowMs, id: freshId() });
  Object.assign(report.dimensions, {
    model: i % 3 === 0 ? `model-${i}` : `model-${i % 40}`,
    version: `${i}.0.0`,
    assigned: `${i}.0.0`,
    variant: `variant-${i}`,
    app: `release ${i}`,
    experiment: i.toString(16).padStart(8, '0'),
  });
  report.baseline = i.toString(16).padStart(16, '0');
  report.outcomes = { [`goal ${i}`]: [1, 1, 1] };
  return requestOf(report);
}

function freshId() {
  return randomFillSync(Buffer.alloc(ID_LENGTH / 2)).toString('hex');
}
