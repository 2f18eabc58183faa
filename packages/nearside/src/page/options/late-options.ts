import type { Mirror } from '@nearside/artifact';
import type { OpenOptions } from '../../shared/api/open-options.js';
import {
  areSecure,
  FUNCTION,
  isPlainObject,
  type OptionKind,
  type OptionKinds,
  oneOf,
  STORE,
  WHOLE_ABOVE_0,
} from '../../shared/option-kinds.js';
import { OPEN_KINDS } from './call-options.js';

/** Headers that cannot be sent would fail later, as if the network were to blame. */
const HEADERS: OptionKind = {
  fits(headers: unknown) {
    if (!isPlainObject(headers)) return false;
    return Object.values(headers).every(isText) && areHeaders(headers as Record<string, string>);
  },
};

function areHeaders(headers: Record<string, string>): boolean {
  try {
    return new Headers(headers) instanceof Headers;
  } catch {
    return false;
  }
}

const REQUEST: OptionKind = {
  fields: { headers: HEADERS, credentials: oneOf(['omit', 'same-origin', 'include']) },
};

const MIRROR_KINDS: OptionKinds<keyof Mirror> = {
  url: { fits: isBase, isRequired: true },
  request: REQUEST,
};

function isBase(address: unknown): boolean {
  return areSecure([address], { mayAsk: false });
}

function isText(text: unknown): boolean {
  return typeof text === 'string';
}

/** The options of `open`, those that few pages have too. */
export const ALL_OPEN_KINDS: OptionKinds<keyof OpenOptions> = {
  ...OPEN_KINDS,
  request: REQUEST,
  store: STORE,
  mirrors: {
    fits: (mirrors: unknown) =>
      Array.isArray(mirrors) && mirrors.every((each) => isPlainObject(each) || isBase(each)),
    items: MIRROR_KINDS,
  },
  capture: {
    fields: {
      redact: { ...FUNCTION, isRequired: true },
      maxInputs: WHOLE_ABOVE_0,
      maxBytes: WHOLE_ABOVE_0,
    },
  },
};
