/**
 * One tool, and how an app is made with it. Everything but `name` and `files` may be left out.
 *
 * @typedef {object} Lane
 * @property {string} name
 * @property {string} [line] the one setting beside the snippet, as docs/guide/tools.md has it
 * @property {Record<string, string>} [dependencies] exact versions of the tools
 * @property {Record<string, string>} files of the app, by path
 * @property {Record<string, string>} [copies] from and to, before each build and start
 * @property {string[]} [build] the command; the first word is one of node_modules/.bin
 * @property {{ name: string, command: string[] }} [otherBuild] is timed too, and nothing else
 * @property {string} [output] folder with what browsers are served, after the build
 * @property {(port: number) => string[]} [start] the tool's own server for what was built; without it `output` is served
 * @property {(port: number) => string[]} [dev] the tool's development server
 * @property {string[]} [routes] addresses of the server that classify by themselves, built and in development
 * @property {Record<string, string>} [bare] files of the same page without the library: what it fetches is its own
 * @property {Record<string, string[]>} [programs] commands that classify without a browser, by name
 */
