import { plainPage } from '../page.mjs';

/** `--env as-is` leaves the library's workers out of minifying: they are minified already. */
const config = `import Terser from 'terser-webpack-plugin';

export default ({ 'as-is': asIs }) => ({
  mode: 'production',
  entry: './main.js',
  output: { path: import.meta.dirname + (asIs ? '/dist-as-is' : '/dist') },
  optimization: asIs ? { minimizer: [new Terser({ exclude: /^(?!main)/ })] } : {},
  devServer: { static: './dist' },
});
`;

/** @type {import('../lane.mjs').Lane} */
export const webpack5 = {
  name: 'webpack-5',
  // webpack-dev-server 6 wants Node 22
  dependencies: { webpack: '5.113.0', 'webpack-cli': '7.3.1', 'webpack-dev-server': '5.2.7' },
  files: { ...plainPage({ type: '' }), 'webpack.config.mjs': config },
  copies: { 'index.html': 'dist/index.html' },
  build: ['webpack'],
  otherBuild: {
    name: 'without minifying the workers again',
    command: ['webpack', '--env', 'as-is'],
  },
  output: 'dist',
  dev: (port) => ['webpack', 'serve', '--mode', 'development', '--port', `${port}`],
};
