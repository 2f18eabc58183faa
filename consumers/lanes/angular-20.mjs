import { copiedAssets } from '../copied-assets.mjs';
import { classify, html, one } from '../page.mjs';

const { line, option } = copiedAssets;

/** Angular copies the folder itself: docs/guide/tools.md has this entry. */
const COPIED = {
  glob: '**/*',
  input: 'node_modules/nearside/dist/assets',
  output: 'nearside',
};

const project = {
  projectType: 'application',
  root: '',
  architect: {
    build: {
      builder: '@angular/build:application',
      options: {
        browser: 'main.ts',
        index: 'index.html',
        tsConfig: 'tsconfig.json',
        outputPath: 'dist',
        assets: [COPIED],
      },
      configurations: { development: { optimization: false, sourceMap: true } },
    },
    serve: {
      builder: '@angular/build:dev-server',
      options: { buildTarget: 'app:build:development' },
    },
  },
};

const component = (
  first,
  then,
) => `import { Component, provideZonelessChangeDetection, signal } from '@angular/core';
import { bootstrapApplication } from '@angular/platform-browser';
${first}
@Component({
  selector: 'app-root',
  template: '<p id="result" [attr.data-at]="shown().at">{{ shown().result }}</p>',
})
class App {
  readonly shown = signal<{ result?: string; at?: number }>({});

  constructor() {
    ${then}
  }
}

bootstrapApplication(App, { providers: [provideZonelessChangeDetection()] });
`;

const main = component(
  "import { classify } from './classify.js';\n",
  `classify().then(
      (classified) => this.shown.set(classified),
      (error) => this.shown.set({ result: error.code + ': ' + error.message }),
    );`,
);

const bareMain = component('', "this.shown.set({ result: 'bare', at: Date.now() });");

/** @type {import('../lane.mjs').Lane} */
export const angular20 = {
  name: 'angular-20',
  line,
  dependencies: {
    '@angular/build': '20.3.41',
    '@angular/cli': '20.3.41',
    '@angular/common': '20.3.35',
    '@angular/compiler': '20.3.35',
    '@angular/compiler-cli': '20.3.35',
    '@angular/core': '20.3.35',
    '@angular/platform-browser': '20.3.35',
    rxjs: '7.8.2',
    tslib: '2.8.1',
    typescript: '5.9.3',
  },
  files: {
    'angular.json': JSON.stringify({
      version: 1,
      cli: { analytics: false },
      projects: { app: project },
    }),
    'tsconfig.json': JSON.stringify({
      compilerOptions: {
        target: 'ES2022',
        module: 'preserve',
        strict: true,
        allowJs: true,
        skipLibCheck: true,
      },
      files: ['main.ts'],
    }),
    'index.html': html().replace(/<p id.*<script.*<\/script>/s, '<app-root></app-root>'),
    'main.ts': main,
    'classify.js': classify(option),
    'one.js': one,
  },
  bare: { 'main.ts': bareMain },
  build: ['ng', 'build'],
  output: 'dist/browser',
  dev: (port) => ['ng', 'serve', '--port', `${port}`],
};
