const HELP = `npm run test:consumers -- [--only <lane>] [--json] [--help]

Packs the packages, installs them in a fresh app for each tool, builds it, starts it, and has a drawn 1 classified.

  --only <lane>  this lane alone; may be given more than once
  --json         prints everything as JSON
  --help         prints this

It exits with 1 when a lane fails.
`;

/**
 * Ends the process for `--help`, and for words that it does not know.
 *
 * @param {string[]} words
 * @param {string[]} names of the lanes
 * @returns {{ only: string[], json: boolean }} `only` is empty for all
 */
export function parseArguments(words, names) {
  const only = [];
  let json = false;
  for (let i = 0; i < words.length; i += 1) {
    if (words[i] === '--help') help(names);
    else if (words[i] === '--json') json = true;
    else if (words[i] === '--only' && names.includes(words[i + 1])) only.push(words[++i]);
    else if (words[i] === '--only') refuse(`--only and one of ${names.join(', ')}`, words[i + 1]);
    else refuse('--only <lane>, --json or --help', words[i]);
  }
  return { only, json };
}

function help(names) {
  console.log(`${HELP}\nThe lanes are ${names.join(', ')}.`);
  process.exit(0);
}

function refuse(expected, got) {
  console.error(`test:consumers: expected ${expected}; got '${got ?? ''}'`);
  process.exit(2);
}
