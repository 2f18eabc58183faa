import { Converter, ReflectionKind } from 'typedoc';

/** A plugin of typedoc: modules have the names by which they are imported, not those of their files. */
const NAMES = {
  devtools: 'nearside/devtools',
  index: 'nearside',
  microphone: 'nearside/microphone',
  search: 'nearside/search',
  react: 'nearside/react',
  vue: 'nearside/vue',
  svelte: 'nearside/svelte',
  transformers: 'nearside/transformers',
  worker: 'nearside/worker',
};

export function load({ converter }) {
  converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => {
    for (const module of project.getChildrenByKind(ReflectionKind.Module)) {
      module.name = NAMES[module.name] ?? module.name;
    }
  });
}
