import { type ModelOf, type OpenOptions, open, type Progress, type TaskName } from 'nearside';
import { chosenBackend } from './chosen-backend.js';
import { fetchPageConfig, type PageConfig } from './page-config.js';

export interface OpenedModel {
  readonly model: ModelOf<'image-classification'>;
  readonly config: PageConfig;
}

export type ShowProgress = (progress: Progress) => void;

/** Opens the model that the server names, with the backend that the address asks for, if any. */
export async function openModel(onProgress: ShowProgress): Promise<OpenedModel> {
  const config = await fetchPageConfig();
  const { model: url, trust, report } = config;
  const model = await open(url, {
    trust,
    report,
    task: 'image-classification',
    backend: chosenBackend(),
    onProgress,
  });
  return { model, config };
}

/** Opens another model of the same repository, for its task. */
export async function openTask<Task extends TaskName>(
  name: string,
  options: { task: Task; onProgress: ShowProgress } & Pick<OpenOptions, 'threads'>,
): Promise<ModelOf<Task>> {
  const { model: digits, trust, report } = await fetchPageConfig();
  const url = new URL(name, digits).href;
  return open(url, { trust, report, backend: chosenBackend(), ...options });
}
