// npm start: installs what is missing, builds, publishes digits, starts everything, stays up. Other models are published when asked for.
import { build } from './build.mjs';
import { classifyInNode } from './classify-in-node.mjs';
import { ensureInstalled } from './install.mjs';
import { root } from './root.mjs';

ensureInstalled();
build();

const { sealBeside, startStack, startTextReader } = await import('./stack.mjs');
const { makeBenchPage, serveBenchPage } = await import('../bench/page/start.mjs');
const stack = await startStack({ dir: `${root}.nearside` });
console.log(`\nDraw a digit     ${stack.servers.site.url}`);
const integrity = await sealBeside(stack.repository, 'digits');
const reader = await startTextReader({
  repositoryUrl: stack.servers.repository.url,
  pin: stack.pin,
  report: stack.config.report,
});
await makeBenchPage();
const bench = await serveBenchPage();
console.log(`\n${await classifyInNode(stack.config)}\n`);
console.log(`Draw a digit     ${stack.servers.site.url}`);
console.log(`Risk of a record ${stack.servers.site.url}risk.html`);
console.log(`Speech in sound  ${stack.servers.site.url}voice.html`);
console.log(`Text in pictures ${stack.servers.site.url}text.html`);
console.log(`Faces and things ${stack.servers.site.url}objects.html`);
console.log(`People           ${stack.servers.site.url}people.html`);
console.log(`Search           ${stack.servers.site.url}search.html`);
console.log(`Spam check       ${stack.servers.site.url}spam.html`);
console.log(`Installable app  ${reader.url}`);
console.log(`Benchmark page   ${bench.url}`);
console.log(`Dashboard        ${stack.config.dashboard}`);
console.log(`Model            ${stack.config.model}`);
console.log(`Pin              ${stack.config.trust}`);
console.log(`Hash             ${integrity}`);
console.log('\nCtrl-C stops everything.');

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await Promise.all([stack.close(), reader.close(), bench.close()]);
    process.exit(0);
  });
}
