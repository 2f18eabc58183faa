/** For tools that do not follow `new URL` to files: one folder copied, and its address given to `open`. */
export const copiedAssets = {
  line: "copy node_modules/nearside/dist/assets, and pass `assets: '/nearside/'`",
  option: "assets: '/nearside/'",
  copies: {
    'index.html': 'dist/index.html',
    'node_modules/nearside/dist/assets': 'dist/nearside',
  },
};
