import { generateKeyPairSync, sign } from 'node:crypto';
import { canonicalize } from '@tufjs/canonical-json';
import {
  addRoot,
  describe,
  describeTwice,
  newKey,
  republish,
  setRole,
  sha256,
  signMetadata,
} from '../metadata-signer.mjs';
import { currentPaths, damaged, need, withFiles } from '../repository-files.mjs';
import { accepted, INHERITED, rejected } from './case.mjs';
import { bundleOf } from './edit-bundle.mjs';

/** Metadata that is signed well and says what it must not, or says it in another form. */
export function malformedCases({ second, keys, targets }) {
  const signedAs = (role, change) => republish(second, keys, { [role]: change });
  const set = (fields) => (signed) => Object.assign(signed, fields);
  const timestamp = (change) => damaged(second, 'metadata/timestamp.json', change);
  return [
    ...sizeCases(second, keys),
    ...descriptionCases(second, keys, targets),
    ...addedCases(second),
    ...['timestamp', 'snapshot', 'targets'].map((role) =>
      rejected(`wrong _type in ${role}`, signedAs(role, set({ _type: 'root' }))),
    ),
    rejected('spec_version 2.0.0', signedAs('timestamp', set({ spec_version: '2.0.0' }))),
    rejected(
      'spec_version missing',
      signedAs('timestamp', (signed) => delete signed.spec_version),
    ),
    rejected('version 0', signedAs('timestamp', set({ version: 0 })), {
      exceptions: { 'tuf-js': 'it takes any number as a version' },
    }),
    rejected('version 2 to the 53', signedAs('timestamp', set({ version: 2 ** 53 })), {
      exceptions: { 'tuf-js': UNSAFE, 'python3-tuf': UNSAFE },
    }),
    rejected('version as text', signedAs('timestamp', set({ version: '9' }))),
    rejected(
      'expires missing',
      signedAs('timestamp', (signed) => delete signed.expires),
    ),
    ...timeCases(signedAs),
    rejected('targets without hashes', signedAs('targets', noHashes)),
    rejected('targets as a list', signedAs('targets', set({ targets: [] }))),
    rejected('signature over JSON that is not canonical', timestamp(signedPlainly(keys.timestamp))),
    rejected('signature in upper case', timestamp(upperCase), {
      exceptions: { 'tuf-js': ANY_HEX, 'python3-tuf': ANY_HEX },
    }),
    rejected('a JSON key twice: signed content', timestamp(signedTwice), {
      exceptions: { 'tuf-js': LAST_KEY, 'python3-tuf': LAST_KEY },
    }),
    rejected('a JSON key twice: inside signed content', timestamp(versionTwice), {
      exceptions: { 'tuf-js': LAST_KEY, 'python3-tuf': LAST_KEY },
    }),
    accepted('version written 3.0', timestamp(fractionalVersion), {
      exceptions: {
        'python3-tuf':
          'Python reads 3.0 as a float, which canonical JSON does not have; to JSON it is 3',
      },
    }),
    rejected(
      'UTF-8 byte order mark',
      timestamp((file) => Buffer.concat([BOM, file])),
    ),
    rejected(
      'bytes that are no UTF-8',
      timestamp((file) => Buffer.concat([file, Buffer.of(0xff)])),
    ),
    ...nameCases(second, keys, targets),
    ...formCases(second, keys),
    delegatedTarget(second, keys, targets),
  ];
}

const ANY_HEX = 'it reads hex of either case; signers write lower case, so we read no other';
const LAST_KEY = 'its JSON parser takes the last of two equal keys; we refuse both';
const UNSAFE = 'JavaScript counts exactly only up to 2 to the 53, minus 1, so we stop there';

const BOM = Buffer.of(0xef, 0xbb, 0xbf);

function timeCases(signedAs) {
  const anyTime = 'it hands the text to `new Date`: what is no date never expires';
  const until = (name, expires, exceptions) =>
    rejected(
      name,
      signedAs('timestamp', (signed) => Object.assign(signed, { expires })),
      {
        exceptions,
      },
    );
  return [
    until('expires is no time', 'never', { 'tuf-js': anyTime }),
    until('expires in a month 13', '2099-13-01T00:00:00Z', { 'tuf-js': anyTime }),
    until('expires on a 31 February', '2099-02-31T00:00:00Z', {
      'tuf-js': 'it hands the text to `new Date`, which reads the 3 March',
    }),
    until('expires with a fraction of a second', '2099-01-01T00:00:00.000Z', {
      'tuf-js': 'it takes any text that `new Date` reads; TUF writes whole seconds',
    }),
  ];
}

/** Longer than the role above says, or than anybody reads. */
function sizeCases(files, keys) {
  const paths = currentPaths(files);
  const padded = (file) => Buffer.concat([file, Buffer.alloc(64, ' ')]);
  const filler = (sizeBytes) => (signed) => {
    signed['x-filler'] = 'x'.repeat(sizeBytes);
  };
  const oversizedRoot = addRoot(files, [keys.root], filler(600_000));
  return [
    rejected('snapshot longer than timestamp says', damaged(files, paths.snapshot, padded)),
    rejected('targets longer than snapshot says', damaged(files, paths.targets, padded)),
    rejected('timestamp of 20 kB', republish(files, keys, { timestamp: filler(20_000) })),
    rejected('root of 600 kB', oversizedRoot),
  ];
}

/** A right SHA-256 beside something that is wrong. */
function descriptionCases(files, keys, [newest]) {
  const bundle = bundleOf(files, newest);
  const wrong = '0'.repeat(128);
  const described = (fields) =>
    republish(files, keys, {
      targets({ targets }) {
        Object.assign(targets[newest], fields);
      },
    });
  const { length, hashes } = describe(bundle);
  const wrongOf = (role) => (file) => {
    const twice = describeTwice(file);
    const isOf = JSON.parse(file.toString()).signed._type === role;
    return isOf ? { ...twice, hashes: { ...twice.hashes, sha512: wrong } } : twice;
  };
  return [
    rejected('target shorter than targets says', described({ length: length + 1 })),
    rejected('target longer than targets says', described({ length: length - 1 })),
    rejected('wrong SHA-512 of a target', described({ hashes: { ...hashes, sha512: wrong } })),
    ...['snapshot', 'targets'].map((role) =>
      rejected(
        `wrong SHA-512 of ${role}`,
        republish(files, keys, { targets() {}, describeAs: wrongOf(role) }),
      ),
    ),
  ];
}

/** Members that somebody adds on the way, under names that some parsers drop. */
function addedCases(files) {
  return INHERITED.map((name) =>
    rejected(
      `a member ${name} added to what is signed`,
      damaged(files, 'metadata/timestamp.json', (file) =>
        Buffer.from(file.toString().replace('"signed":{', `"signed":{"${name}":{"a":1},`)),
      ),
      { signatures: 'timestamp' },
    ),
  );
}

function noHashes({ targets }) {
  for (const target of Object.values(targets)) delete target.hashes;
}

function signedPlainly({ id, privateKey }) {
  return (file) => {
    const { signed } = JSON.parse(file.toString());
    const sig = sign(null, Buffer.from(JSON.stringify(signed, null, 1)), privateKey).toString(
      'hex',
    );
    return Buffer.from(JSON.stringify({ signed, signatures: [{ keyid: id, sig }] }));
  };
}

function upperCase(file) {
  const { signed, signatures } = JSON.parse(file.toString());
  const [{ keyid, sig }] = signatures;
  return Buffer.from(JSON.stringify({ signed, signatures: [{ keyid, sig: sig.toUpperCase() }] }));
}

/** Readers that take the first and readers that take the last would see different metadata. */
function signedTwice(file) {
  return Buffer.from(`{"signed":{"version":99},${file.toString().slice(1)}`);
}

function versionTwice(file) {
  return Buffer.from(file.toString().replace('"version":', '"version":99,"version":'));
}

function fractionalVersion(file) {
  return Buffer.from(file.toString().replace(/"version":(\d+)/, '"version":$1.0'));
}

/** Names that would leave the folder they belong in, and the file where they would lead us to. */
function nameCases(files, keys, [newest]) {
  const why = 'TUF leaves target names to whoever uses them; this tool encodes them';
  const bundlePath = [...files.keys()].find((path) => path.endsWith(`.${newest}`)) ?? '';
  const led = {
    'x/../evil.oms.json': 'targets/evil.oms.json',
    '/../../metadata/evil.json': 'metadata/evil.json',
    '\\..\\evil.oms.json': 'targets/evil.oms.json',
    'evil.oms.json?x': bundlePath.replace(newest, 'evil.oms.json'),
    'evil.oms\n.json': bundlePath.replace(newest, 'evil.oms.json'),
  };
  return Object.entries(led).map(([name, path]) => {
    const signed = republish(files, keys, {
      targets({ targets }) {
        targets[name] = targets[newest];
        delete targets[newest];
      },
    });
    const planted = withFiles(signed, { [path]: need(files, bundlePath) });
    return rejected(`target named ${JSON.stringify(name)}`, planted, {
      notVisible: { 'tuf-js': why, 'python3-tuf': why },
    });
  });
}

/** Other forms that TUF allows and this project does not need. */
function formCases(files, keys) {
  const both = (why) => ({ 'tuf-js': why, 'python3-tuf': why });
  const short = 'timestamp-key';
  const named = { ...keys, timestamp: { ...keys.timestamp, id: short } };
  const shortId = addRoot(files, [keys.root], (root) =>
    setRole(root, 'timestamp', [named.timestamp]),
  );
  const ecdsa = ecdsaKey();
  const withEcdsa = addRoot(files, [keys.root], (root) => setRole(root, 'timestamp', [ecdsa]));
  const flat = addRoot(files, [keys.root], (root) =>
    Object.assign(root, { consistent_snapshot: false }),
  );
  const targets = [...files].filter(([path]) => path.startsWith('targets/'));
  const paths = currentPaths(files);
  return [
    rejected('a key id that is no hash', republish(shortId, named), {
      exceptions: both('it takes any text as a key id; TUF says SHA-256, and so do we'),
    }),
    rejected('a role with an ECDSA key', republish(withEcdsa, { ...keys, timestamp: ecdsa }), {
      exceptions: both('it knows more kinds of keys; our metadata is signed with Ed25519 only'),
    }),
    rejected(
      'no consistent snapshots',
      withFiles(flat, {
        'metadata/snapshot.json': need(files, paths.snapshot),
        'metadata/targets.json': need(files, paths.targets),
        ...Object.fromEntries(
          targets.map(([path, bytes]) => [path.replace(/[0-9a-f]{64}\./, ''), bytes]),
        ),
      }),
      {
        exceptions: both(
          'TUF allows files that change under their names; our repositories have none',
        ),
      },
    ),
  ];
}

function ecdsaKey() {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = {
    keytype: 'ecdsa',
    scheme: 'ecdsa-sha2-nistp256',
    keyval: { public: publicKey.export({ type: 'spki', format: 'pem' }).toString() },
  };
  return { id: sha256(canonicalize(key)), public: key, privateKey };
}

/** TUF lets targets hand names on to other keys (section 4.5); ours come from the one targets role. */
function delegatedTarget(files, keys, [newest]) {
  const why = 'it follows delegations; we read the top-level targets alone';
  const delegate = newKey();
  const { signed } = JSON.parse(need(files, currentPaths(files).targets).toString());
  const { [newest]: target } = signed.targets;
  const delegated = signMetadata({ ...signed, version: 1, targets: { [newest]: target } }, [
    delegate,
  ]);
  const delegating = republish(files, keys, {
    targets(signed) {
      signed.targets = {};
      signed.delegations = {
        keys: { [delegate.id]: delegate.public },
        roles: [
          {
            name: 'delegate',
            keyids: [delegate.id],
            threshold: 1,
            terminating: false,
            paths: ['*'],
          },
        ],
      };
    },
    snapshot({ meta }) {
      meta['delegate.json'] = { version: 1 };
    },
  });
  return rejected(
    'a target that a delegated role alone lists',
    withFiles(delegating, { 'metadata/1.delegate.json': delegated }),
    { exceptions: { 'tuf-js': why, 'python3-tuf': why } },
  );
}
