import { plainPage } from '../page.mjs';

const config = `export default {
  mode: 'production',
  entry: './main.js',
  devServer: { static: './dist' },
};
`;

/** For a timing: the library's workers are minified already, and webpack does it again. */
const asIsConfig = `import Minimizer from 'minimizer-webpack-plugin';
import config from './webpack.config.mjs';

export default {
  ...config,
  output: { path: import.meta.dirname + '/dist-as-is' },
  optimization: { minimizer: [new Minimizer({ exclude: /^(?!main)/ })] },
};
`;

/** @type {import('../lane.mjs').Lane} */
export const webpack5 = {
  name: 'webpack-5',
  dependencies: {
    webpack: '5.113.0',
    'webpack-cli': '7.3.1',
    'webpack-dev-server': '5.2.7', // 6 wants Node 22
    'minimizer-webpack-plugin': '5.14.1', // webpack's own
  },
  files: {
    ...plainPage({ type: '' }),
    'webpack.config.mjs': config,
    'webpack.as-is.config.mjs': asIsConfig,
  },
  copies: { 'index.html': 'dist/index.html' },
  build: ['webpack'],
  otherBuild: {
    name: 'build without minifying the workers again',
    command: ['webpack', '--config', 'webpack.as-is.config.mjs'],
  },
  output: 'dist',
  dev: (port) => ['webpack', 'serve', '--mode', 'development', '--port', `${port}`],
};
