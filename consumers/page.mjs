/** The page's HTML. Webpack's script is none that may be a module: it looks for its own address. */
export function html({
  script = './main.js',
  type = 'type="module"',
  body = '<p id="result"></p>',
} = {}) {
  return `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>One</title>
  ${body}
  <script ${type} src="${script}" defer></script>
</html>
`;
}

/** `one.js`: a stroke that is a one. */
export const one = `export function drawOne() {
  const canvas = new OffscreenCanvas(280, 280);
  const context = canvas.getContext('2d');
  context.fillRect(0, 0, 280, 280);
  context.fillStyle = 'white';
  context.fillRect(128, 50, 24, 180);
  return canvas;
}
`;

/**
 * `classify.js`: the library's snippet, without top-level await. The address and the pin are in the page's query, so
 * that one build serves all. What it returns is what a visit looks for.
 *
 * @param {string} [option] the setting of a lane that is an option of `open`
 * @param {string} [library] what is imported
 */
export function classify(option, library = 'nearside') {
  return `import { open } from '${library}';
import { drawOne } from './one.js';

${classifyBy(option)}`;
}

/** The function alone, where `open` and `drawOne` are there already. */
export function classifyBy(option) {
  return `export async function classify() {
  const query = new URLSearchParams(location.search);
  const model = await open(query.get('model'), {
    trust: query.get('trust'),
    backend: query.get('backend') ?? undefined,${option ? `\n    ${option},` : ''}
  });
  let at; // what is fetched from here on is not for the first result
  model.on('run-end', () => {
    at = Date.now();
  });
  const { output, meta } = await model.run(drawOne());
  const result = output[0].label + ' by ' + meta.backend;
  await model.close();
  return { result, at };
}
`;
}

/** Shows what `classify` gives, or the error. */
export const show = `const shown = document.querySelector('#result');
classify().then(
  ({ result, at }) => {
    shown.dataset.at = at;
    shown.textContent = result;
  },
  (error) => {
    shown.textContent = error.code + ': ' + error.message;
  },
);
`;

const main = `import { classify } from './classify.js';

${show}`;

/** A page without a framework, for any bundler. */
export function plainPage({ option, library, ...ofHtml } = {}) {
  return {
    'index.html': html(ofHtml),
    'main.js': main,
    'classify.js': classify(option, library),
    'one.js': one,
  };
}

/** The same in JavaScript without a browser: pixels instead of a canvas. */
export const classifyPixels = `  const data = new Uint8ClampedArray(28 * 28 * 4); // black, and a white stroke
  for (let y = 5; y < 23; y += 1) data.fill(255, (y * 28 + 13) * 4, (y * 28 + 15) * 4);
  const { output, meta } = await model.run({ data, width: 28, height: 28 });
  const result = output[0].label + ' by ' + meta.backend;
  await model.close();
`;

/**
 * A program that prints what comes out. The address and the pin are in its environment.
 *
 * @param {string} first how it gets `open`
 */
export function program(first) {
  return `${first}

async function classify() {
  const { MODEL, TRUST, BACKEND } = process.env;
  const model = await open(MODEL, { trust: TRUST, backend: BACKEND || undefined });
${classifyPixels}  console.log(result);
}
classify();
`;
}
