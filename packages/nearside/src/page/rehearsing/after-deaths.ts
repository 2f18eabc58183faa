import { type ModelSpec, NearsideError } from '@nearside/core';
import { type Contender, contenderName, findContender } from '../../shared/contenders.js';
import type { BackendChoice } from '../choice/backend-choice.js';

/**
 * Says what `open` would do with a contender after pages died.
 *
 * @returns the care that it would take, in words; undefined where it would take none
 * @throws NearsideError `page-lost` where it would leave the contender out; with a `phase` where it is only not tried, because
 *   a page died of that
 */
export function requireLife(
  contender: Contender,
  spec: ModelSpec,
  { caution, passing, openingOrder }: Pick<BackendChoice, 'caution' | 'passing' | 'openingOrder'>,
): string | undefined {
  if (!caution) return undefined;
  if (caution.keepsFrom('tuning', contender)) throw diedTrying(contender);
  const { backend, variant } = contender;
  const order = openingOrder();
  const allowed = caution.allowed(
    backend,
    spec,
    order.includes(backend) ? order : [...order, backend],
  );
  const { rung } = caution.care;
  const isLeftOut = !allowed.some(({ name }) => name === variant);
  const died = findContender(passing, contender) ?? passing.at(-1);
  const why = died?.message ?? 'a page died before a backend was chosen';
  if (isLeftOut) {
    throw new NearsideError('page-lost', `${contenderName(contender)} is left out: ${why}`);
  }
  return rung > 0
    ? `step ${rung} of 3 after pages died, with one thread and nothing beside calls: ${why}`
    : undefined;
}

function diedTrying(contender: Contender): NearsideError {
  return new NearsideError(
    'page-lost',
    `${contenderName(contender)}: expected the page to live on while it is tried, but the browser has ended one. It is not ` +
      'tried again for a day; `open` may do with less.',
    { details: { ...contender, phase: 'tuning' } },
  );
}
