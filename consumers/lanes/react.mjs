import { readFile } from 'node:fs/promises';
import { root } from '../../scripts/root.mjs';
import { html, one } from '../page.mjs';

/** `main.jsx`: in StrictMode each effect runs, is undone, and runs again. */
const main = `import { StrictMode, useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { drawOne } from './one.js';
import { useModel } from './use-model.jsx';

const query = new URLSearchParams(location.search);
const address = query.get('model');
const options = { trust: query.get('trust'), backend: query.get('backend') ?? undefined };

function App() {
  const { model, error } = useModel(address, options);
  const [shown, setShown] = useState({});
  useEffect(() => {
    let at;
    model?.on('run-end', () => {
      at = Date.now();
    });
    model?.run(drawOne()).then(
      ({ output, meta }) => setShown({ result: output[0].label + ' by ' + meta.backend, at }),
      (error) => setShown({ result: error.code + ': ' + error.message }),
    );
  }, [model]);
  return <p id="result" data-at={shown.at}>{error ? String(error) : shown.result}</p>;
}

createRoot(document.querySelector('#app')).render(<StrictMode><App /></StrictMode>);
`;

const bareMain = `import { StrictMode, useState } from 'react';
import { createRoot } from 'react-dom/client';

function App() {
  const [at] = useState(() => Date.now());
  return <p id="result" data-at={at}>bare</p>;
}

createRoot(document.querySelector('#app')).render(<StrictMode><App /></StrictMode>);
`;

/** Vite 8 with React 19. The hook is the one that docs/guide/tools.md prints. @type {import('../lane.mjs').Lane} */
export const react = {
  name: 'react',
  dependencies: {
    vite: '8.3.8',
    '@vitejs/plugin-react': '6.3.0',
    react: '19.3.1',
    'react-dom': '19.3.1',
  },
  files: {
    'index.html': html({ script: './main.jsx' }).replace('<p id="result">', '<p id="app">'),
    'main.jsx': main,
    'use-model.jsx': await hookOfGuide(),
    'one.js': one,
    'vite.config.js': `import react from '@vitejs/plugin-react';

export default { plugins: [react()] };
`,
  },
  bare: { 'main.jsx': bareMain },
  build: ['vite', 'build'],
  output: 'dist',
  dev: (port) => ['vite', '--port', `${port}`, '--strictPort'],
};

async function hookOfGuide() {
  const guide = await readFile(`${root}docs/guide/tools.md`, 'utf8');
  const hook = guide.match(/```jsx\n([^`]*)```/)?.[1];
  if (hook === undefined) throw new Error('Expected a hook in docs/guide/tools.md, got none.');
  return hook;
}
