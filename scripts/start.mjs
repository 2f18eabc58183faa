// npm start: installs what is missing, builds, publishes the models, starts everything, stays up.
import { build } from './build.mjs';
import { classifyInNode } from './classify-in-node.mjs';
import { ensureInstalled } from './install.mjs';
import { root } from './root.mjs';

ensureInstalled();
build();

const { startStack, startTextReader } = await import('./stack.mjs');
const stack = await startStack({ dir: `${root}.nearside` });
const reader = await startTextReader({
  repositoryUrl: stack.servers.repository.url,
  pin: stack.pin,
});
console.log(`\n${await classifyInNode(stack.config)}\n`);
console.log(`Draw a digit     ${stack.servers.site.url}`);
console.log(`Risk of a record ${stack.servers.site.url}risk.html`);
console.log(`Speech in sound  ${stack.servers.site.url}voice.html`);
console.log(`Text in pictures ${stack.servers.site.url}text.html`);
console.log(`Installable app  ${reader.url}`);
console.log(`Dashboard        ${stack.config.dashboard}`);
console.log(`Model            ${stack.config.model}`);
console.log(`Pin              ${stack.config.trust}`);
console.log('\nCtrl-C stops everything.');

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await Promise.all([stack.close(), reader.close()]);
    process.exit(0);
  });
}
