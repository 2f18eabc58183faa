import { BEFORE, SHIPPED } from './versions.mjs';

/** Five pages have a version within this. */
export const BROWSERS_LIMIT_MS = 60_000;

/** One step of autopilot. By default it takes back, and widens nothing: an incident names the shares that it may widen to. */
export async function stepAutopilot(stage) {
  const { repository, collector, timeline, incident } = stage;
  const rules = { steps: incident.steps };
  const { canaries, acts } = await repository.stepAutopilot({ url: collector.url }, rules);
  const written = canaries[0]?.answer?.written;
  if (written?.verdict === 'roll-back') timeline.note('verdict', written.atMs);
  stage.acts.push(...acts);
  if (acts.some(({ act }) => act === 'promote')) await afterWidened(stage);
  if (!acts.some(({ act }) => act === 'revoke')) return;
  // once is enough where devices took it back themselves
  timeline.note('verdict');
  await afterTakenBack(stage);
}

/** Takes the version back, as somebody does who is called. */
export async function takeBack(stage) {
  await stage.repository.takeBack();
  await afterTakenBack(stage);
}

/** Some of the open browsers may be offered it now. */
async function afterWidened({ shipped, repository, browsers, collector }) {
  const sides = await repository.sidesOf(browsers.installs);
  shipped.arms = sides.map(({ arm }) => arm);
  await collector.learnFacts();
}

/** Waits until the version before serves in all open browsers. */
async function afterTakenBack(stage) {
  const { timeline, collector, browsers } = stage;
  const startMs = performance.now();
  const isOut = browsers.seen.some(({ last }) => last?.version === SHIPPED);
  timeline.note('taken back');
  const wellMs = await browsers.untilAllRun(BEFORE, BROWSERS_LIMIT_MS);
  if (isOut) stage.wayBackMs = wellMs - startMs;
  timeline.note('last device well');
  await collector.learnFacts();
}
