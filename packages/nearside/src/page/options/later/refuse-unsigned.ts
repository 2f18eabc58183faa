import { checkOptions, inWords } from '../../../shared/check-options.js';
import { isPlainObject, type OptionKinds } from '../../../shared/option-kinds.js';
import { optionWords } from '../late-options.js';
import { isReference, isShared, toFile } from '../unsigned-files.js';

/**
 * Says what is wrong with a call that takes files.
 *
 * @param call its name
 * @throws TypeError for what is no file, and for a field of the spec that is no data; TypeError or RangeError for options
 */
export function refuseUnsigned(
  call: string,
  given: {
    readonly files: unknown;
    readonly spec: unknown;
    readonly options: unknown;
    readonly kinds: OptionKinds;
  },
): never {
  const { files, spec, options, kinds } = given;
  requireFiles(call, files);
  checkOptions(call, options, kinds, { words: optionWords });
  throw noSpec(call, spec);
}

function requireFiles(call: string, files: unknown): void {
  if (toFile(files) !== undefined) return;
  const named = Object.entries(isPlainObject(files) ? files : {});
  const wrong = named.find(([, file]) => toFile(file) === undefined);
  if (wrong) throw noFile(call, `'${wrong[0]}'`, wrong[1]);
  if (named.length === 0 || isReference(files)) throw noFile(call, 'the model', files);
}

function noFile(call: string, what: string, got: unknown): TypeError {
  return new TypeError(
    `${call}: expected ${what} to be a File, a Blob, bytes or an address, or several of them by name; got ${kindOfGiven(got)}`,
  );
}

function kindOfGiven(got: unknown): string {
  if (isShared(got)) return 'memory that is shared';
  return isReference(got) ? 'what `open` takes' : inWords(got);
}

function noSpec(call: string, spec: unknown): TypeError {
  const fields = Object.entries(isPlainObject(spec) ? spec : {});
  const wrong = fields.find(([, value]) => !isData(value));
  if (!wrong) {
    return new TypeError(`${call}: expected a spec such as { name: 'ocr' }; got ${inWords(spec)}`);
  }
  return new TypeError(
    `${call}: expected \`spec.${wrong[0]}\` to be data, as in model.json; got ${inWords(wrong[1])}`,
  );
}

function isData(value: unknown): boolean {
  try {
    structuredClone(value);
    return true;
  } catch {
    return false;
  }
}
