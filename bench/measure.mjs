// node bench/measure.mjs <suite> <empty folder> <options as JSON>: measures one suite of what is built, and tells its parent
// each row as it is measured. `run.mjs` starts it, so that a suite that dies takes nothing with it.
process.once('uncaughtExceptionMonitor', (error) => {
  process.send({ failed: String(error?.message ?? error) });
});
const [suite, dir, options] = process.argv.slice(2);
const { runSuite } = await import(`./${suite}/run.mjs`);
for await (const row of runSuite(dir, JSON.parse(options))) process.send({ row });
process.disconnect();
