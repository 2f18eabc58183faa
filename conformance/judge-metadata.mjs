import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { need } from './repository-files.mjs';
import { serveFiles } from './serve-files.mjs';

/** Why openssl is not asked about a case that names no `signatures`. */
const OPENSSL_SEES = 'openssl sees one file’s signatures, not versions, times, hashes or form';

/**
 * Shows one case to our device and to every tool that can see it, visit by visit.
 *
 * @param {import('./cases/case.mjs').MetadataCase} metadataCase
 * @param {object} stage
 * @param {string} stage.workDirectory
 * @param {(options: { firstRoot: Buffer }) => { visit(url: string): Promise<Verdict> }} stage.openOurs
 * @param {readonly object[]} stage.clients TUF clients
 * @param {object} [stage.openssl]
 * @param {readonly string[]} stage.targets names of targets to ask for, of which one must be there
 * @param {string} [stage.chunksOf] directory of the repository whose chunks are served
 * @returns {Promise<Judgement>}
 *
 * @typedef {import('./tools/verdict.mjs').Verdict} Verdict
 * @typedef {object} Judgement
 * @property {Verdict} ours
 * @property {readonly Verdict[]} earlier ours of the visits before
 * @property {Readonly<Record<string, Verdict>>} theirs
 * @property {Readonly<Record<string, string>>} notVisible tool → why it was not asked
 */
export async function judgeMetadata(
  { visits, signatures, targets, notVisible = {} },
  { workDirectory, openOurs, clients, openssl, targets: usualTargets, chunksOf },
) {
  const directory = await mkdtemp(join(workDirectory, 'case-'));
  const firstRoot = need(visits[0], 'metadata/1.root.json');
  const device = await openOurs({ firstRoot });
  const seeing = clients.filter(({ name }) => !(name in notVisible));
  const sessions = await openSessions(seeing, {
    directory,
    firstRoot,
    targets: targets ?? usualTargets,
  });

  const earlier = [];
  let ours;
  let theirs = {};
  for (const files of visits) {
    const server = await serveFiles(files, chunksOf);
    if (ours) earlier.push(ours);
    ours = await device.visit(server.url);
    theirs = {};
    for (const [name, session] of sessions) theirs[name] = await session.visit(server.url);
    await server.close();
  }
  const judgement = { ours, earlier, theirs, notVisible };
  if (!openssl) return judgement;
  if (!signatures) return { ...judgement, notVisible: { ...notVisible, openssl: OPENSSL_SEES } };
  theirs.openssl = await openssl.judgeRole(visits.at(-1), signatures);
  return judgement;
}

async function openSessions(clients, { directory, ...options }) {
  const sessions = new Map();
  for (const client of clients) {
    const own = join(directory, client.name);
    sessions.set(client.name, await client.open({ directory: own, ...options }));
  }
  return sessions;
}
