import { checkFiles } from '../doctor/check-files.js';
import { type CheckedModel, checkModel, modelsToCheck } from '../doctor/check-model.js';
import { checkPage } from '../doctor/check-page.js';
import { checkPolicies } from '../doctor/check-policies.js';
import { createFindings, type Finding } from '../doctor/findings.js';
import { followScripts, type Loaded } from '../doctor/follow-scripts.js';
import { type InBrowser, lookInBrowser } from '../doctor/look-in-browser.js';
import { type Page, readPage } from '../doctor/read-page.js';

export interface DoctorOptions {
  /** The page's, as people open it. */
  readonly address: string;
  /** Address of a model; by default those that the page's scripts name. */
  readonly model?: string | undefined;
  /** Opens the page in Chromium too. */
  readonly browser?: boolean | undefined;
  /** False starts that Chromium without its sandbox: a page that breaks out of it has this process's rights. True by default. */
  readonly sandbox?: boolean | undefined;
  /** How long a server may be silent, ms; by default 15 s. */
  readonly patienceMs?: number | undefined;
  readonly now?: () => number;
}

export interface Diagnosis {
  /** True if there is nothing to mend. */
  readonly ok: boolean;
  /** The page's, after redirects. */
  readonly address: string;
  /** The gravest first. */
  readonly findings: readonly Finding[];
  /** Sentences about what was not looked at, and what the page does without. */
  readonly notes: readonly string[];
  /** Version of the page's library, if its scripts show it. */
  readonly library: string | undefined;
  readonly models: readonly CheckedModel[];
  /** Addresses of the scripts that were read. */
  readonly scripts: readonly string[];
  /** Addresses of the runtime's files. */
  readonly runtime: readonly string[];
  /** Undefined without `browser`. */
  readonly browser?: InBrowser | undefined;
}

/**
 * Asks for a page, its scripts, the files of the library's runtime, and its models, as a browser does, and says what is
 * wrong with them.
 *
 * @throws NearsideError `network-failed` when the page cannot be read, `input-invalid` when it is none
 * @throws TypeError when the address is none
 * @throws Error with `browser`, where Playwright, Chromium or its sandbox is missing
 */
export async function doctor(options: DoctorOptions): Promise<Diagnosis> {
  const { address, sandbox = true, patienceMs, now = Date.now } = options;
  const { find, sorted } = createFindings();
  const page = await readPage(address, { patienceMs });
  const loaded = await followScripts(page, patienceMs);
  const toCheck = modelsToCheck(page, loaded.code, options.model);
  const notes = [...describeWay(address, page), ...describeUnseen(loaded, toCheck.length)];
  notes.push(...checkPage(page, find));
  notes.push(...checkPolicies(page, loaded, { models: toCheck.map(({ url }) => url), find }));
  await checkFiles(page, loaded, find);
  const models: CheckedModel[] = [];
  for (const model of toCheck) {
    models.push(await checkModel(model, { page, find, patienceMs, nowMs: now() }));
  }
  const model = models.find(({ open }) => open !== undefined);
  const browser = options.browser
    ? await lookInBrowser({ page, loaded, model, find, notes, sandbox })
    : undefined;
  const findings = sorted();
  return {
    ok: findings.length === 0,
    address: page.url.href,
    findings,
    notes,
    library: loaded.version,
    models,
    scripts: loaded.scripts.map(({ url }) => url),
    runtime: loaded.runtime.map(({ url }) => url),
    ...(browser && { browser }),
  };
}

function describeWay(address: string, { url }: Page): string[] {
  const isSame = new URL(address).href === url.href;
  return isSame ? [] : [`${address} leads to ${url.href}, which was looked at.`];
}

/** A bundler may write addresses so that only a browser finds them. */
function describeUnseen({ scripts, runtime, isCutShort }: Loaded, models: number): string[] {
  const hasLibrary = scripts.some(({ kind }) => kind === 'library');
  const notes: string[] = [];
  if (isCutShort) notes.push('The page names many files: the first 80 were looked at.');
  if (!hasLibrary) notes.push('The library was not found in the scripts that the page names.');
  else if (runtime.length === 0) notes.push("The files of the library's runtime were not found.");
  if (models === 0)
    notes.push('No model was looked at, because the scripts name none: give --model.');
  return notes;
}
