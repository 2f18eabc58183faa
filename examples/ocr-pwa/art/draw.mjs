// node examples/ocr-pwa/art/draw.mjs: draws the icons and the example picture anew, in Chromium.
import { chromium } from 'playwright';
import { chromiumLaunch } from '../../../scripts/chromium.mjs';

const PUBLIC = new URL('../public/', import.meta.url).pathname;

/** Lines of text in the corners of a viewfinder, on 64 × 64. */
const MARK = `
  <g fill="none" stroke="#fff" stroke-width="4" stroke-linecap="round" stroke-linejoin="round">
    <path d="M14 23v-9h9M41 14h9v9M50 41v9h-9M23 50h-9v-9" />
    <path d="M22 26h20M22 32h20M22 38h12" stroke="#99f6e4" />
  </g>`;

/** A maskable icon may lose all that is outside a circle of 80 %: its mark is smaller and its ground has no corners. */
const ICONS = [
  { file: 'icon-192.png', size: 192, corner: 14, scale: 1 },
  { file: 'icon-512.png', size: 512, corner: 14, scale: 1 },
  { file: 'icon-maskable-512.png', size: 512, corner: 0, scale: 0.8 },
  { file: 'apple-touch-icon.png', size: 180, corner: 0, scale: 0.9 },
];

const EXAMPLE = `
  <style>
    body { margin: 0; width: 720px; height: 540px; display: grid; place-content: center; color: #2b2620;
      background: radial-gradient(circle at 30% 20%, #a98f6f, #5f4a37); font: 24px/1.55 "DejaVu Serif", serif }
    main { width: 470px; padding: 34px 44px 40px; background: #fbf8f0; box-shadow: 0 20px 50px rgb(0 0 0 / 45%) }
    h1 { margin: 0 0 14px; font-size: 38px; line-height: 1.2 }
    p { margin: 0; display: flex; justify-content: space-between; gap: 20px }
    hr { border: 0; border-top: 2px solid #2b2620; margin: 16px 0 }
  </style>
  <main>
    <h1>Harbour Café</h1>
    <p><span>Lentil soup</span><span>6.50</span></p>
    <p><span>Rye bread and butter</span><span>3.20</span></p>
    <p><span>Apple cake</span><span>4.80</span></p>
    <hr />
    <p><span>Open daily from 08:30 to 19:00</span></p>
    <p><span>Ask for the dish of the day</span></p>
  </main>`;

const browser = await chromium.launch(chromiumLaunch);
const page = await browser.newPage();
for (const { file, size, corner, scale } of ICONS) {
  await page.setViewportSize({ width: size, height: size });
  await page.setContent(`<style>body { margin: 0 } svg { display: block }</style>
    <svg viewBox="0 0 64 64" width="${size}" height="${size}">
      <rect width="64" height="64" rx="${corner}" fill="#0f766e" />
      <g transform="translate(32 32) scale(${scale}) translate(-32 -32)">${MARK}</g>
    </svg>`);
  await page.screenshot({ path: `${PUBLIC}${file}`, omitBackground: true });
}
await page.setViewportSize({ width: 720, height: 540 });
await page.setContent(EXAMPLE);
await page.screenshot({ path: `${PUBLIC}example.jpg`, type: 'jpeg', quality: 82 });
await browser.close();
