import { html, one } from '../page.mjs';
import { asked } from '../visit-components.mjs';

const digit = `<script setup>
import { useModel, useRun } from 'nearside/vue';
import { address, optionsFor, photo, say, see } from './asked.js';

const props = defineProps(['isFirst', 'threads']);
const { model, error } = useModel(address, () => optionsFor(props.threads));
const { output, meta, error: failure } = useRun(model, photo);
</script>

<template>
  <p :id="isFirst ? 'result' : undefined" class="digit" title="unedited" :data-at="see(model, output)">{{
    say(error ?? failure, output, meta)
  }}</p>
</template>
`;

const app = `<script setup>
import { onMounted, shallowRef } from 'vue';
import Digit from './Digit.vue';

const shown = shallowRef({ count: 1 });
onMounted(() => {
  globalThis.show = (now) => {
    shown.value = now;
  };
});
</script>

<template>
  <Digit v-for="i in shown.count" :key="i" :is-first="i === 1" :threads="shown.threads" />
</template>
`;

const main = `import { createApp, createSSRApp } from 'vue';
import App from './App.vue';

const isRendered = document.querySelector('#app').childElementCount > 0;
(isRendered ? createSSRApp : createApp)(App).mount('#app');
`;

const bareMain = `import { createApp, createSSRApp, h } from 'vue';

const isRendered = false;
const App = { render: () => h('p', { id: 'result', 'data-at': Date.now() }, 'bare') };
(isRendered ? createSSRApp : createApp)(App).mount('#app');
`;

const render = `import { readFile, writeFile } from 'node:fs/promises';
import { createSSRApp } from 'vue';
import { renderToString } from 'vue/server-renderer';
import App from './App.vue';

const page = await readFile('dist/index.html', 'utf8');
await writeFile('dist/index.html', page.replace('<!--app-->', await renderToString(createSSRApp(App))));
`;

/** Vite 8 with Vue 3, whose page is rendered by Node at the build. @type {import('../lane.mjs').Lane} */
export const vue = {
  name: 'vue',
  dependencies: { vite: '8.3.8', '@vitejs/plugin-vue': '6.0.11', vue: '3.5.45' },
  files: {
    'index.html': html({ body: '<div id="app"><!--app--></div>' }),
    'main.js': main,
    'App.vue': app,
    'Digit.vue': digit,
    'render.js': render,
    'asked.js': asked,
    'one.js': one,
    'vite.config.js': `import vue from '@vitejs/plugin-vue';

export default { plugins: [vue()] };
`,
  },
  component: 'Digit.vue',
  bare: { 'main.js': bareMain },
  build: [
    'sh',
    '-c',
    'vite build && vite build --ssr render.js --outDir server && node server/render.js',
  ],
  output: 'dist',
  dev: (port) => ['vite', '--port', `${port}`, '--strictPort'],
};
