/**
 * @typedef {object} Outcome
 * @property {number} passed
 * @property {number} failed
 *
 * @typedef {object} Stage
 * @property {string} name
 * @property {string[]} [needs] names of stages that have to go well before; one that does not run is not waited for
 * @property {string[]} [after] names of stages that have to end before, well or not, where they run at all
 * @property {number} [places] how many of the places it takes, by default one
 * @property {() => Promise<Outcome>} run
 */

/**
 * The stages of these names, and all that they need.
 *
 * @template {{ name: string, needs?: string[] }} T
 * @param {T[]} stages
 * @param {string[]} names
 * @returns {T[]} in the order of `stages`
 */
export function withNeeds(stages, names) {
  const chosen = new Set();
  function choose(name) {
    chosen.add(name);
    for (const need of stages.find((stage) => stage.name === name)?.needs ?? []) choose(need);
  }
  for (const name of names) choose(name);
  return stages.filter(({ name }) => chosen.has(name));
}

/**
 * Runs stages side by side. One starts as soon as what it needs has gone well and there is room for it; those
 * that are named first go first. What a failed stage is needed for fails without being run.
 *
 * @template {Stage} T
 * @param {T[]} stages
 * @param {number} places how many may run at a time
 * @returns {Promise<Map<string, Awaited<ReturnType<T['run']>> | Outcome>>} by name, in the order in which they ended
 */
export async function runStages(stages, places) {
  const outcomes = new Map();
  const running = new Map();
  const waiting = [...stages];
  let free = places;

  const among = (names = []) => names.filter((name) => stages.some((stage) => stage.name === name));

  function startWhatCan() {
    for (const stage of [...waiting]) {
      const needs = among(stage.needs);
      const before = [...needs, ...among(stage.after)];
      if (before.some((name) => !outcomes.has(name))) continue;
      const isLacking = needs.some((name) => outcomes.get(name).failed > 0);
      const taken = isLacking ? 0 : (stage.places ?? 1);
      if (taken > free) return; // what is named later does not take its place
      waiting.splice(waiting.indexOf(stage), 1);
      free -= taken;
      const run = isLacking ? Promise.resolve({ passed: 0, failed: 1 }) : stage.run();
      running.set(
        stage.name,
        run.then((outcome) => {
          outcomes.set(stage.name, outcome);
          running.delete(stage.name);
          free += taken;
        }),
      );
    }
  }

  for (startWhatCan(); running.size > 0; startWhatCan()) await Promise.race(running.values());
  return outcomes;
}
