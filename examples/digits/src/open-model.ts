import { type Model, open, type Progress } from 'nearside';
import { chosenBackend } from './chosen-backend.js';
import { fetchPageConfig, type PageConfig } from './page-config.js';

export interface OpenedModel {
  readonly model: Model;
  readonly config: PageConfig;
}

/** Opens the model that the server names, with the backend that the address asks for, if any. */
export async function openModel(onProgress: (progress: Progress) => void): Promise<OpenedModel> {
  const config = await fetchPageConfig();
  const { model: url, trust, report } = config;
  const model = await open(url, { trust, report, backend: chosenBackend(), onProgress });
  return { model, config };
}
