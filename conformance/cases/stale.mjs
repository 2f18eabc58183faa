import { addRoot, describe, newKey, republish, setRole } from '../metadata-signer.mjs';
import { currentPaths, need, withFiles } from '../repository-files.mjs';
import { accepted, expires, LONG_AGO, rejected } from './case.mjs';

/** Downgrade, freeze and mix-and-match: files that were good, at the wrong time or together. */
export function staleCases({ first, second, keys }) {
  const old = (role) => currentPaths(first)[role];
  const oldVersion = (role) => ({ version: 1, ...describe(need(first, old(role))) });
  const back = republish(second, keys, {
    timestamp: ({ meta }) => Object.assign(meta, { 'snapshot.json': oldVersion('snapshot') }),
  });
  const targetsBack = republish(second, keys, {
    snapshot: ({ meta }) => Object.assign(meta, { 'targets.json': oldVersion('targets') }),
  });
  const targetsGone = republish(second, keys, {
    snapshot(signed) {
      signed.meta = { 'other.json': signed.meta['targets.json'] };
    },
  });
  return [
    rejected('downgrade: timestamp of before', [second, first]),
    rejected('downgrade: new timestamp, snapshot of before', [second, back]),
    rejected('downgrade: new snapshot, targets of before', [second, targetsBack]),
    rejected('downgrade: targets gone from snapshot', [second, targetsGone]),
    ...freezeCases(second, keys),
    ...mixCases(first, second, keys),
    rejected('timestamp of before, after a key was added beside its own', [
      second,
      addedTimestampKey(first, second, keys),
    ]),
    accepted('another timestamp under the version that is known', [
      second,
      sameVersion(second, keys),
    ]),
    ...signedAnewCases(second, keys),
    halfFinishedUpdate(first, second),
    halfFinishedRotation(first, second, keys),
  ];
}

function freezeCases(files, keys) {
  const roles = ['timestamp', 'snapshot', 'targets'].map((role) =>
    rejected(`freeze: expired ${role}`, republish(files, keys, { [role]: expires(LONG_AGO) })),
  );
  const root = addRoot(files, [keys.root], expires(LONG_AGO));
  return [...roles, rejected('freeze: expired root', root)];
}

function mixCases(first, second, keys) {
  const bare = ({ meta }) => {
    for (const name of Object.keys(meta)) meta[name] = { version: meta[name].version };
  };
  const undescribed = republish(second, keys, { targets() {}, snapshot: bare, timestamp: bare });
  const at = (files, role, from) =>
    withFiles(files, { [currentPaths(files)[role]]: need(from, currentPaths(from)[role]) });
  return [
    rejected('mix-and-match: targets of another snapshot', at(second, 'targets', first)),
    rejected('mix-and-match: snapshot of another timestamp', at(second, 'snapshot', first)),
    rejected('mix-and-match: targets, told by version only', at(undescribed, 'targets', first)),
    rejected('mix-and-match: snapshot, told by version only', at(undescribed, 'snapshot', first)),
  ];
}

/** Other keys in root void what was trusted of timestamp and snapshot (section 5.3.11). */
function addedTimestampKey(first, second, keys) {
  const added = addRoot(second, [keys.root], (root) =>
    setRole(root, 'timestamp', [keys.timestamp, newKey()]),
  );
  return withFiles(added, { 'metadata/timestamp.json': need(first, 'metadata/timestamp.json') });
}

/** The same version with other bytes: what is kept of it must not stand in the way of what is named now. */
function signedAnewCases(files, keys) {
  const again = (role) => ({
    [role](signed) {
      signed.version -= 1;
      signed['x-new'] = 1;
    },
  });
  const bare = ({ version }) => ({ version });
  const byVersion = {
    describeAs: () => ({}),
    timestamp({ meta }) {
      meta['snapshot.json'] = bare(meta['snapshot.json']);
    },
  };
  const expired = republish(files, keys, { ...byVersion, snapshot: expires(LONG_AGO) });
  const renewed = republish(expired, keys, {
    ...byVersion,
    snapshot(signed) {
      signed.version -= 1;
      expires('2099-01-01T00:00:00Z')(signed);
    },
  });
  return [
    accepted('snapshot signed anew under its version', [
      files,
      republish(files, keys, again('snapshot')),
    ]),
    accepted('targets signed anew under its version', [
      files,
      republish(files, keys, again('targets')),
    ]),
    accepted(
      'snapshot signed anew under its version after it expired, told by version only',
      [expired, renewed],
      { earlier: ['reject'] },
    ),
  ];
}

/** It is passed over, whatever it says (section 5.4.3): here, of a snapshot that does not exist. */
function sameVersion(files, keys) {
  return republish(files, keys, {
    timestamp(signed) {
      signed.version -= 1;
      signed.meta['snapshot.json'].version = 99;
    },
  });
}

/**
 * A timestamp is seen, but its snapshot does not come; then the timestamp before it is served
 * again. Section 5.4.5 persists a timestamp as soon as it verifies.
 */
function halfFinishedUpdate(first, second) {
  const cut = new Map([...second].filter(([path]) => path !== currentPaths(second).snapshot));
  return rejected('downgrade: after an update that broke off', [first, cut, first], {
    earlier: ['accept', 'reject'],
  });
}

/**
 * The timestamp key was stolen and replaced. A client sees the new root, but nothing more; then
 * the thief hides that root. Section 5.3.8 persists a root as soon as it verifies.
 */
function halfFinishedRotation(first, second, keys) {
  const fresh = { ...keys, timestamp: newKey() };
  const rotated = republish(
    addRoot(second, [keys.root], (root) => setRole(root, 'timestamp', [fresh.timestamp])),
    fresh,
  );
  const cut = new Map([...rotated].filter(([path]) => path !== 'metadata/timestamp.json'));
  return rejected('replaced key again: after a rotation that broke off', [first, cut, second], {
    earlier: ['accept', 'reject'],
  });
}
