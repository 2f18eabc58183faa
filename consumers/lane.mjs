/**
 * One tool, and how an app is made with it. Everything but `name` and `files` may be left out.
 *
 * @typedef {object} Lane
 * @property {string} name
 * @property {string} [line] the one setting beside the snippet, as docs/guide/tools.md has it
 * @property {{ files: Record<string, string>, says: string }} [withoutLine] files of the app without that setting, and
 *   words of the build, which fails
 * @property {Record<string, string>} [dependencies] exact versions of the tools
 * @property {Record<string, string>} files of the app, by path
 * @property {Record<string, string>} [copies] from and to, before each build and start
 * @property {string[]} [build] the command; the first word is one of node_modules/.bin; without it `output` is served
 *   as it is
 * @property {{ name: string, command: string[] }} [otherBuild] is timed too, and nothing else
 * @property {string} [output] folder with what browsers are served, after the build
 * @property {boolean} [isOffline] a service worker serves the next visit to what was built, without a network
 * @property {(models: string) => Promise<Record<string, string>>} [headers] that go with what is served, for the
 *   origin of the models
 * @property {(port: number) => string[]} [start] the tool's own server for what was built; without it `output` is served
 * @property {(port: number) => string[]} [dev] the tool's development server
 * @property {string[]} [routes] addresses of the server that classify by themselves, built and in development
 * @property {string} [component] file of a component by a helper for frameworks, on a page that a server has rendered; see
 *   visit-components.mjs
 * @property {Record<string, string>} [bare] files of the same page without the library: what it fetches is its own
 * @property {Record<string, string[]>} [programs] commands that classify without a browser, by name
 */
