export {
  createIndex,
  type IndexOptions,
  loadIndex,
  type SavingOptions,
  type SearchIndex,
  type SearchOptions,
} from './page/search/create-index.js';
export {
  type EmbedAllOptions,
  type Embedded,
  type EmbeddingModel,
  embedAll,
} from './page/search/embed-all.js';
export type { FoundItem, SearchQuery } from './page/search/find-items.js';
export type { IndexItem } from './page/search/index-state.js';
