import { bun } from './lanes/bun.mjs';
import { deno } from './lanes/deno.mjs';
import { esbuild } from './lanes/esbuild.mjs';
import { next16 } from './lanes/next-16.mjs';
import { node } from './lanes/node.mjs';
import { parcel2 } from './lanes/parcel-2.mjs';
import { react } from './lanes/react.mjs';
import { rollup } from './lanes/rollup.mjs';
import { sveltekit } from './lanes/sveltekit.mjs';
import { vite6 } from './lanes/vite-6.mjs';
import { vite7 } from './lanes/vite-7.mjs';
import { vite8 } from './lanes/vite-8.mjs';
import { webpack5 } from './lanes/webpack-5.mjs';

/** @type {import('./lane.mjs').Lane[]} */
export const lanes = [
  vite8,
  vite7,
  vite6,
  webpack5,
  esbuild,
  rollup,
  parcel2,
  react,
  next16,
  sveltekit,
  node,
  bun,
  deno,
];
