import { defineConfig } from 'vite';
import { docsSections } from './build/docs-sections.ts';
import { heldOutDigits } from './build/held-out-digits.ts';
import { sharedMarkup } from './build/shared-markup.ts';
import { shellList } from './build/shell-list.ts';

export default defineConfig({
  plugins: [sharedMarkup(), docsSections(), heldOutDigits(), shellList()],
  build: {
    target: 'esnext',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        index: 'index.html',
        'held-out': 'held-out.html',
        risk: 'risk.html',
        voice: 'voice.html',
        text: 'text.html',
        objects: 'objects.html',
        people: 'people.html',
        search: 'search.html',
        spam: 'spam.html',
        sw: 'src/service-worker.ts',
      },
      output: {
        // A service worker's address is its identity, so it alone goes without a hash.
        entryFileNames: ({ name }) => (name === 'sw' ? 'sw.js' : 'assets/[name]-[hash].js'),
      },
    },
  },
});
