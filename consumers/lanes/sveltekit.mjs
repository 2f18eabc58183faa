import { one } from '../page.mjs';
import { asked } from '../visit-components.mjs';

const digit = `<script>
  import { useModel, useRun } from 'nearside/svelte';
  import { toStore } from 'svelte/store';
  import { address, optionsFor, photo, say, see } from '$lib/asked.js';

  let { isFirst, threads } = $props();
  const opened = useModel(toStore(() => ({ url: address, ...optionsFor(threads) })));
  const answer = useRun(opened, photo);
</script>

<p
  id={isFirst ? 'result' : undefined}
  class="digit"
  title="unedited"
  data-at={see($opened.model, $answer.output)}
>{say($opened.error ?? $answer.error, $answer.output, $answer.meta)}</p>
`;

const page = `<script>
  import { onMount } from 'svelte';
  import Digit from '$lib/Digit.svelte';

  let shown = $state.raw({ count: 1 });
  onMount(() => {
    globalThis.show = (now) => {
      shown = now;
    };
  });
</script>

{#each { length: shown.count } as _, i (i)}
  <Digit isFirst={i === 0} threads={shown.threads} />
{/each}
`;

const barePage = `<script>
  import { onMount } from 'svelte';

  let shown = $state({});
  onMount(() => {
    shown = { result: 'bare', at: Date.now() };
  });
</script>

<p id="result" data-at={shown.at}>{shown.result}</p>
`;

const app = `<!doctype html>
<html lang="en">
  <head>%sveltekit.head%</head>
  <body>%sveltekit.body%</body>
</html>
`;

/** SvelteKit 2, as static files: version 3 wants Node 22. @type {import('../lane.mjs').Lane} */
export const sveltekit = {
  name: 'sveltekit-2',
  dependencies: {
    '@sveltejs/kit': '2.70.4',
    '@sveltejs/adapter-static': '3.0.11',
    '@sveltejs/vite-plugin-svelte': '7.3.1',
    svelte: '5.57.3',
    vite: '8.3.8',
  },
  files: {
    'svelte.config.js': `import adapter from '@sveltejs/adapter-static';

export default { kit: { adapter: adapter() } };
`,
    'vite.config.js': `import { sveltekit } from '@sveltejs/kit/vite';

export default { plugins: [sveltekit()] };
`,
    'src/app.html': app,
    'src/routes/+layout.js': 'export const prerender = true;\n',
    'src/routes/+page.svelte': page,
    'src/lib/Digit.svelte': digit,
    'src/lib/asked.js': asked,
    'src/lib/one.js': one,
  },
  component: 'src/lib/Digit.svelte',
  bare: { 'src/routes/+page.svelte': barePage },
  build: ['vite', 'build'],
  output: 'build',
  dev: (port) => ['vite', '--port', `${port}`, '--strictPort'],
};
