import { html, one } from '../page.mjs';
import { asked } from '../visit-components.mjs';

const digit = `import { useModel, useRun } from 'nearside/react';
import { address, optionsFor, photo, say, see } from './asked.js';

export function Digit({ isFirst, threads }) {
  const { model, error } = useModel(address, optionsFor(threads));
  const { output, meta, error: failure } = useRun(model, photo);
  return (
    <p id={isFirst ? 'result' : undefined} className="digit" title="unedited" data-at={see(model, output)}>
      {say(error ?? failure, output, meta)}
    </p>
  );
}
`;

/** In StrictMode each effect runs, is undone, and runs again. */
const app = `import { StrictMode, useEffect, useState } from 'react';
import { Digit } from './digit.jsx';

export function App() {
  const [{ count, threads }, show] = useState({ count: 1 });
  useEffect(() => {
    globalThis.show = show;
  }, []);
  const digits = Array.from({ length: count }, (_, i) => (
    <Digit key={i} isFirst={i === 0} threads={threads} />
  ));
  return <StrictMode>{digits}</StrictMode>;
}
`;

const main = `import { createRoot, hydrateRoot } from 'react-dom/client';
import { App } from './app.jsx';

const root = document.querySelector('#app');
if (root.childElementCount > 0) hydrateRoot(root, <App />);
else createRoot(root).render(<App />);
`;

const bareMain = `import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

function App() {
  const [at] = useState(() => Date.now());
  return <p id="result" data-at={at}>bare</p>;
}

createRoot(document.querySelector('#app')).render(<StrictMode><App /></StrictMode>);
`;

const render = `import { readFile, writeFile } from 'node:fs/promises';
import { renderToString } from 'react-dom/server';
import { App } from './app.jsx';

const page = await readFile('dist/index.html', 'utf8');
await writeFile('dist/index.html', page.replace('<!--app-->', renderToString(<App />)));
`;

/** Vite 8 with React 19, whose page is rendered by Node at the build. @type {import('../lane.mjs').Lane} */
export const react = {
  name: 'react',
  dependencies: {
    vite: '8.3.8',
    '@vitejs/plugin-react': '6.3.0',
    react: '19.3.1',
    'react-dom': '19.3.1',
  },
  files: {
    'index.html': html({ script: './main.jsx', body: '<div id="app"><!--app--></div>' }),
    'main.jsx': main,
    'app.jsx': app,
    'digit.jsx': digit,
    'render.jsx': render,
    'asked.js': asked,
    'one.js': one,
    'vite.config.js': `import react from '@vitejs/plugin-react';

export default { plugins: [react()] };
`,
  },
  component: 'digit.jsx',
  bare: { 'main.jsx': bareMain },
  build: [
    'sh',
    '-c',
    'vite build && vite build --ssr render.jsx --outDir server && node server/render.js',
  ],
  output: 'dist',
  dev: (port) => ['vite', '--port', `${port}`, '--strictPort'],
};
