import { angular20 } from './lanes/angular-20.mjs';
import { bun } from './lanes/bun.mjs';
import { deno } from './lanes/deno.mjs';
import { esbuild } from './lanes/esbuild.mjs';
import { extension } from './lanes/extension.mjs';
import { next16 } from './lanes/next-16.mjs';
import { node } from './lanes/node.mjs';
import { parcel2 } from './lanes/parcel-2.mjs';
import { react } from './lanes/react.mjs';
import { rollup } from './lanes/rollup.mjs';
import { scriptTag } from './lanes/script-tag.mjs';
import { sveltekit } from './lanes/sveltekit.mjs';
import { vite6 } from './lanes/vite-6.mjs';
import { vite7 } from './lanes/vite-7.mjs';
import { vite8 } from './lanes/vite-8.mjs';
import { vite8Policy } from './lanes/vite-8-policy.mjs';
import { vite8Pwa } from './lanes/vite-8-pwa.mjs';
import { vite8Wasm } from './lanes/vite-8-wasm.mjs';
import { vue } from './lanes/vue.mjs';
import { webpack5 } from './lanes/webpack-5.mjs';
import { webpack5Cdn } from './lanes/webpack-5-cdn.mjs';

/** @type {import('./lane.mjs').Lane[]} */
export const lanes = [
  vite8,
  vite8Wasm,
  vite8Policy,
  vite8Pwa,
  vite7,
  vite6,
  webpack5,
  webpack5Cdn,
  esbuild,
  rollup,
  parcel2,
  react,
  vue,
  angular20,
  next16,
  sveltekit,
  scriptTag,
  extension,
  node,
  bun,
  deno,
];
