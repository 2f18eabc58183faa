import type { Backend } from '../backends/backend.js';
import { checkOptions, type OptionKinds } from '../options/check-options.js';
import { isFunction } from '../options/option-rules.js';
import type { Tasks } from '../task.js';

export interface ServeOptions {
  /** From `nearside/worker/<backend>`. */
  readonly backend: Backend;
  /** How models are run whose `task` the library does not know. */
  readonly tasks?: Tasks | undefined;
}

const KINDS: OptionKinds<keyof ServeOptions> = {
  backend: {
    fits: isBackend,
    expected: "a backend from 'nearside/worker/<backend>'",
    isRequired: true,
  },
  tasks: {
    fits: areTasks,
    expected: '{ [task]: { preprocess, postprocess } }, of functions that may be left out',
  },
};

/** @throws TypeError, naming the option, expected and got */
export function checkServeOptions(options: ServeOptions): void {
  checkOptions('serve', options, KINDS);
}

function isBackend(backend: unknown): boolean {
  return isObject(backend) && isFunction(backend.createSession);
}

/** Of any kind: all that a module exports is one. */
function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function areTasks(tasks: unknown): boolean {
  return isObject(tasks) && Object.values(tasks).every(isTask);
}

function isTask(task: unknown): boolean {
  if (!isObject(task)) return false;
  const stages = [task.preprocess, task.postprocess];
  return stages.every((stage) => stage === undefined || isFunction(stage));
}
