/** The condition that leads to a package's sources: of use in a checkout alone. */
const SOURCE_CONDITION = '@nearside/source';

/** What is asked for before a release; each is given by `publishing` of the top-level package.json. */
export const FROM_REPOSITORY = ['repository', 'homepage', 'bugs'];

/**
 * A package.json as it is published.
 *
 * @param {object} manifest as it stands in the checkout
 * @param {{ directory: string, publishing: { repository: string | null, keywords?: Record<string, string[]> } }} given
 *   `directory` is the package's in the checkout, such as `packages/core`
 */
export function stageManifest(manifest, { directory, publishing }) {
  const { name, version, description, license, private: _, files: __, ...rest } = manifest;
  const { scripts: ___, devDependencies: ____, exports, imports, ...kept } = rest;
  const entry = withoutSources(exports['.']);
  return {
    name,
    version,
    description,
    keywords: publishing.keywords?.[name] ?? [],
    license,
    ...addressesOf(publishing.repository, directory),
    publishConfig: { access: 'public', provenance: true },
    // For tools that read no `exports`.
    main: entry.default,
    types: entry.types,
    ...kept,
    exports: { ...withoutSources(exports), './package.json': './package.json' },
    ...(imports && { imports: withoutSources(imports) }),
  };
}

/** Without the address of the repository there are none. */
function addressesOf(repository, directory) {
  if (!repository) return {};
  return {
    repository: { type: 'git', url: `git+${repository}.git`, directory },
    homepage: `${repository}#readme`,
    bugs: `${repository}/issues`,
  };
}

function withoutSources(value) {
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([condition]) => condition !== SOURCE_CONDITION);
  return Object.fromEntries(kept.map(([condition, target]) => [condition, withoutSources(target)]));
}
