import { classify, one } from '../page.mjs';

const page = `<script>
  import { onMount } from 'svelte';
  import { classify } from '$lib/classify.js';

  let shown = $state({});
  onMount(() => {
    classify().then(
      (classified) => (shown = classified),
      (error) => (shown = { result: error.code + ': ' + error.message }),
    );
  });
</script>

<p id="result" data-at={shown.at}>{shown.result}</p>
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
    'src/lib/classify.js': classify(),
    'src/lib/one.js': one,
  },
  bare: { 'src/routes/+page.svelte': barePage },
  build: ['vite', 'build'],
  output: 'build',
  dev: (port) => ['vite', '--port', `${port}`, '--strictPort'],
};
