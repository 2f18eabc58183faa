import { defineConfig } from 'vite';

export default defineConfig({
  base: './',
  build: {
    outDir: '../dist/dashboard',
    emptyOutDir: true,
    // the page's Content-Security-Policy allows nothing inline and no data: URL
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
});
