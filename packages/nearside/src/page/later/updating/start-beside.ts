import { contenderOf } from '../../../shared/contenders.js';
import { createBackendChoice, EMPTY_RECORD } from '../../choice/backend-choice.js';
import { BESIDE_RUNS, markBeside } from '../../choice/page-mark.js';
import type { Handover } from '../../serving/handover.js';
import type { ModelContext, Serving } from '../../serving/serving.js';

/** Works beside each model: a shadow may be at work while an update is looked for. */
const atWork = new WeakMap<Handover, number>();

/** Works with another version beside the one that serves, which learns nothing of that: the other has a choice of its own. */
export async function startBeside<Result>(
  { handover, context }: { readonly handover: Handover; readonly context: ModelContext },
  work: (own: ModelContext, current: Serving) => Promise<Result>,
): Promise<Result> {
  const { current } = handover;
  const record = { ...EMPTY_RECORD, start: contenderOf(current) };
  const choice = createBackendChoice(context.plan, record);
  const mark = markBeside('updating', context.mark);
  const add = (n: number) => {
    const works = (atWork.get(handover) ?? 0) + n;
    atWork.set(handover, works);
    return works;
  };
  add(1);
  try {
    return await work({ ...context, choice, mark }, current);
  } finally {
    if (add(-1) === 0) context.mark(BESIDE_RUNS);
  }
}
