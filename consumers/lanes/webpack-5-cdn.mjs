import { webpack5 } from './webpack-5.mjs';

/** The page's server under another name: another origin, from which webpack then takes all that it emitted. */
const publicPath = `__webpack_public_path__ = location.origin.replace('localhost', '127.0.0.1') + '/';
`;

/** What was built, with its files on a CDN. @type {import('../lane.mjs').Lane} */
export const webpack5Cdn = {
  ...webpack5,
  name: 'webpack-5-cdn',
  files: {
    ...webpack5.files,
    'public-path.js': publicPath,
    'main.js': `import './public-path.js';
${webpack5.files['main.js']}`,
  },
  headers: async () => ({ 'Access-Control-Allow-Origin': '*' }),
  otherBuild: undefined,
  dev: undefined,
};
