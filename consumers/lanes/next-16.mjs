import { askService, edgeServer } from '../edge-server.mjs';
import { classify, classifyPixels, one } from '../page.mjs';

/** For the route handler: the library loads files beside it, which a bundle would leave behind. */
const line = "serverExternalPackages: ['nearside']";

const page = `'use client';
import { useEffect, useState } from 'react';
import { classify } from './classify.js';

export default function Page() {
  const [{ result, at }, setShown] = useState({});
  useEffect(() => {
    classify().then(setShown, (error) => setShown({ result: error.code + ': ' + error.message }));
  }, []);
  return <p id="result" data-at={at}>{result}</p>;
}
`;

const barePage = `'use client';
import { useEffect, useState } from 'react';

export default function Page() {
  const [{ result, at }, setShown] = useState({});
  useEffect(() => setShown({ result: 'bare', at: Date.now() }), []);
  return <p id="result" data-at={at}>{result}</p>;
}
`;

const layout = `export default function Layout({ children }) {
  return <html lang="en"><body>{children}</body></html>;
}
`;

const route = `import { open } from 'nearside';

export async function GET(request) {
  const query = new URL(request.url).searchParams;
  const model = await open(query.get('model'), {
    trust: query.get('trust'),
    backend: query.get('backend') ?? undefined,
  });
${classifyPixels}  return new Response(result);
}
`;

/** The same by what all servers of examples/edge-server share. */
const edgeRoute = `import { createService } from '../../service.mjs';

export async function GET({ url }) {
  const query = new URL(url).searchParams;
  const service = createService(query.get('model'), {
    trust: query.get('trust'),
    backend: query.get('backend') ?? undefined,
  });
${askService}  return new Response(result);
}
`;

/** A client component, and two route handlers in Node. @type {import('../lane.mjs').Lane} */
export const next16 = {
  name: 'next-16',
  line,
  dependencies: { next: '16.4.6', react: '19.3.1', 'react-dom': '19.3.1' },
  files: {
    'next.config.mjs': `export default { ${line} };\n`,
    'app/layout.jsx': layout,
    'app/page.jsx': page,
    'app/classify.js': classify(),
    'app/one.js': one,
    'app/classify/route.js': route,
    ...edgeServer,
    'app/edge-server/route.js': edgeRoute,
  },
  bare: { 'app/page.jsx': barePage },
  build: ['next', 'build'],
  output: '.next/static',
  start: (port) => ['next', 'start', '--port', `${port}`],
  dev: (port) => ['next', 'dev', '--port', `${port}`],
  routes: ['classify', 'edge-server'],
};
