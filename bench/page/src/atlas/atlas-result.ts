import * as v from 'valibot';
import { BenchError } from '../problem.ts';
import { parseAs } from '../results/parse-as.ts';
import { DeviceSchema, NumberSchema, ProblemSchema, TextSchema } from '../results/result.ts';
import { type Corpus, exclusionInWords } from './corpus.ts';
import { VERDICT_LETTERS } from './verdicts.ts';

/** Of the file and of a link. Grows when an older page could not read what a newer one writes. */
export const ATLAS_FORMAT = 1;

/** A link or a file may come from anybody. */
const MAX_TESTS = 5_000;
const MAX_COLUMNS = 16;

const ListedTestSchema = v.strictObject({
  name: TextSchema,
  operator: TextSchema,
  /** Why it is left out on every backend. */
  excluded: v.optional(TextSchema),
});

const ColumnSchema = v.strictObject({
  backend: TextSchema,
  /** `cpu`, or the GPU as the browser names it; nothing where none of its models opened. */
  hardware: v.optional(TextSchema),
  isSoftwareGpu: v.boolean(),
  state: v.picklist(['waiting', 'running', 'done', 'failed', 'cancelled']),
  /** Why the backend as a whole could not start. */
  problem: v.optional(ProblemSchema),
  seconds: NumberSchema,
  /** A letter for each test, in their order. */
  verdicts: v.pipe(v.string(), v.maxLength(MAX_TESTS), v.regex(VERDICT_LETTERS)),
  /** Differences and errors by test; a link has none. */
  notes: v.optional(v.record(TextSchema, v.string())),
});

const AtlasSchema = v.strictObject({
  format: v.literal(ATLAS_FORMAT),
  kind: v.literal('nearside-atlas'),
  /** ISO 8601. */
  at: v.pipe(TextSchema, v.isoTimestamp()),
  library: TextSchema,
  device: DeviceSchema,
  tests: v.strictObject({
    source: TextSchema,
    /** Of all tests and their bytes. */
    identity: TextSchema,
    /** A link has none: a page with the same tests knows them. */
    list: v.optional(v.pipe(v.array(ListedTestSchema), v.maxLength(MAX_TESTS))),
  }),
  columns: v.pipe(v.array(ColumnSchema), v.maxLength(MAX_COLUMNS)),
});

export type ListedTest = v.InferOutput<typeof ListedTestSchema>;
export type AtlasColumn = v.InferOutput<typeof ColumnSchema>;
type WrittenAtlas = v.InferOutput<typeof AtlasSchema>;

/** What one device computes right, wrong or not at all. */
export type AtlasResult = Omit<WrittenAtlas, 'tests'> & { tests: Required<WrittenAtlas['tests']> };

/**
 * @param here the page's own tests, which a link is about
 * @throws BenchError `result-invalid`; `tests-differ` for a link about other tests
 */
export function parseAtlas(text: string, here: Corpus | undefined): AtlasResult {
  const written = parseAs(AtlasSchema, text, { kind: 'nearside-atlas', format: ATLAS_FORMAT });
  const list = written.tests.list ?? listOf(here, written.tests);
  const odd = written.columns.find(({ verdicts }) => verdicts.length !== list.length);
  if (odd)
    throw new BenchError(
      'result-invalid',
      `Expected ${list.length} verdicts on ${odd.backend}, got ${odd.verdicts.length}.`,
    );
  return { ...written, tests: { ...written.tests, list } };
}

function listOf(here: Corpus | undefined, { identity, source }: WrittenAtlas['tests']) {
  if (here?.identity === identity) return listTests(here);
  const own = here ? `those of ${here.source}` : 'none';
  throw new BenchError(
    'tests-differ',
    `Expected a link about the tests of this page (${own}), got one about others (${source}). The JSON file has all of them.`,
  );
}

export function listTests({ tests }: Corpus): ListedTest[] {
  return tests.map(({ name, operator, excluded }) => ({
    name,
    operator,
    ...(excluded && { excluded: exclusionInWords(excluded) }),
  }));
}

/** The same without what a page with the same tests knows, and without notes: short enough for a link. */
export function forLink({ tests, columns, ...rest }: AtlasResult): WrittenAtlas {
  const { list: _, ...named } = tests;
  return { ...rest, tests: named, columns: columns.map(({ notes: _, ...column }) => column) };
}
