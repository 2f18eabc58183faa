import { createServer } from 'node:http';
import { createDeferred } from '@nearside/core';
import { engines } from '../../scripts/kills/engines.mjs';
import { hearMarks } from '../../scripts/kills/hear-marks.mjs';
import { listen } from '../../scripts/listen.mjs';
import { serveSite } from '../../scripts/serve-site.mjs';
import { publishDigits } from '../deaths/digits.mjs';
import { buildDeathsPage } from '../deaths/run.mjs';
import { row } from '../row.mjs';
import { sized } from '../sized.js';
import { turns } from '../turns.mjs';

/** A version that needs more starts than this is not given up. */
const MOST_STARTS = 5;
/** It dies at once, but for a device that is busy. */
const STARTS = 2;
const DEVICES = sized(3);
const [BEFORE, NEW] = ['1.0.0', '1.1.0'];

/**
 * A new version whose page dies each time that it loads, or runs, on devices that have the one before: starts that die until
 * that one serves again, and bytes of the repository from the first start on. No collector is there.
 *
 * @param {string} dir empty folder to work in
 * @param {{ devices?: number }} [options]
 */
export async function* localRollBack(dir, { devices = DEVICES } = {}) {
  await buildDeathsPage(`${dir}/page`);
  const site = await serveSite({ dir: `${dir}/page`, config: {}, port: 0 });
  const digits = await publishDigits(`${dir}/models`);
  const repository = await countBytes(digits.address.url);
  const address = { ...digits.address, url: new URL('digits', repository.url).href };
  const engine = await engines.chromium();
  const heard = await hearMarks();
  const bench = { engine, heard, site: site.url, digits, repository, address };
  for (const phase of ['loading', 'running']) {
    const seen = [];
    for (const _ of turns(`devices whose page dies while ${phase}`, devices))
      seen.push(await dieUntilGivenUp(bench, phase));
    const most = (values) => Math.max(...values);
    const starts = seen.map(({ starts }) => starts);
    yield row(`local-roll-back, dies while ${phase}`, {
      value: most(starts),
      unit: `starts until ${BEFORE} serves, the most of ${devices} devices`,
      interval: [Math.min(...starts), most(starts)],
      atMost: STARTS,
      atLeast: STARTS,
    });
    yield row(`local-roll-back-bytes, dies while ${phase}`, {
      value: most(seen.map(({ bytes }) => bytes)),
      unit: 'B of the repository',
      atMost: 0,
    });
  }
  await engine.close();
  await Promise.all([heard, site, digits, repository].map(({ close }) => close()));
}

async function dieUntilGivenUp({ engine, heard, site, digits, repository, address }, phase) {
  const device = await engine.newDevice();
  await digits.offer(1);
  await visitToTheEnd(device, site, { ...address, works: ['run'] });
  await digits.offer(2);
  await visitToTheEnd(device, site, { ...address, works: ['run', 'update'] });
  repository.bytes = 0;
  for (let starts = 0; starts <= MOST_STARTS; starts += 1) {
    const opened = createDeferred();
    heard.hear(async (step) => {
      if (step.step !== 'stored' || step.phase !== phase || step.version !== NEW) return;
      await (await opened.promise).kill();
    });
    const tab = await device.visit(site, { ...address, works: ['run'], marks: heard.url });
    opened.resolve(tab);
    const answer = await tab.answer;
    await tab.close();
    if (!answer) continue;
    if (answer.version !== BEFORE) throw unexpected(answer);
    const { bytes } = repository;
    await device.close();
    return { starts, bytes };
  }
  await device.close();
  return { starts: Infinity, bytes: repository.bytes };
}

async function visitToTheEnd(device, site, how) {
  const tab = await device.visit(site, how);
  const answer = await tab.answer;
  await tab.close();
  if (!answer?.version) throw unexpected(answer);
}

function unexpected(answer) {
  return new Error(`Expected a visit to succeed, got ${JSON.stringify(answer)}`);
}

/** Passes a repository on, and counts what is asked of it. */
async function countBytes(origin) {
  const server = createServer(async (request, response) => {
    const { range } = request.headers;
    const answer = await fetch(new URL(request.url, origin), { headers: range ? { range } : {} });
    const body = Buffer.from(await answer.arrayBuffer());
    counted.bytes += body.length;
    const headers = { 'Access-Control-Allow-Origin': '*', 'Content-Length': body.length };
    const type = answer.headers.get('content-type');
    response.writeHead(answer.status, { ...headers, ...(type && { 'Content-Type': type }) });
    response.end(body);
  });
  const counted = { bytes: 0, ...(await listen(server, 0)) };
  return counted;
}
