import { createHash } from 'node:crypto';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { display: grid; place-content: center; min-height: 100vh; margin: 0; padding: 0 1rem; }
form { display: grid; gap: .75rem; width: min(22rem, 100%); }
h1 { font-size: 1.25rem; margin: 0; }
p { margin: 0; }
input, button { font: inherit; padding: .5rem .75rem; }
`;

/** The page may have this style and one form that leads back here, and nothing else. */
export const LOGIN_POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * A browser without a session gets this page, and then the one that it asked for. A proxy may add a path, so addresses
 * are relative.
 *
 * @param action a relative address without quotes
 */
export function loginPage(action: string, problem: string | undefined): string {
  const alert = problem === undefined ? '' : `\n      <p role="alert">${problem}</p>`;
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Nearside collector</title>
    <style>${STYLE}</style>
  </head>
  <body>
    <form method="post" action="${action}">
      <h1>Nearside collector</h1>${alert}
      <input type="text" autocomplete="username" value="collector" hidden>
      <label for="token">Read token</label>
      <input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
      <button>Show the figures</button>
    </form>
  </body>
</html>
`;
}
