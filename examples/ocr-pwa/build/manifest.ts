import type { ManifestOptions } from 'vite-plugin-pwa';

/** What an installed app is called, and looks like. The page's `theme-color` follows light and dark. */
export const manifest: Partial<ManifestOptions> = {
  id: './',
  name: 'Text from photos',
  short_name: 'Photo text',
  description: 'Point the camera at text, or choose a photo: this device reads it, online or not.',
  lang: 'en',
  start_url: './',
  scope: './',
  display: 'standalone',
  theme_color: '#0f766e',
  background_color: '#f5f6f4',
  categories: ['productivity', 'utilities'],
  icons: [
    { src: 'icon-192.png', sizes: '192x192', type: 'image/png' },
    { src: 'icon-512.png', sizes: '512x512', type: 'image/png' },
    { src: 'icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
  ],
};
