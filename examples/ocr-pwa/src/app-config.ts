import { AppProblem } from './problem.js';

/** Of the site that serves the app: the kept copy answers without a network. */
export const CONFIG_ADDRESS = new URL('nearside.config.json', document.baseURI).href;

export interface AppConfig {
  /** The model's address. */
  readonly model: string;
  /** The repository's pin. */
  readonly trust: string;
  /** Where reports go; without it nothing leaves the device. */
  readonly report: string | undefined;
}

/** @throws AppProblem `offline` or `config-broken` */
export async function fetchAppConfig(signal: AbortSignal): Promise<AppConfig> {
  const response = await fetch(CONFIG_ADDRESS, { signal }).catch((cause) => {
    signal.throwIfAborted();
    throw new AppProblem('offline', 'The site that serves this app did not answer.', { cause });
  });
  const config: unknown = response.ok ? await response.json().catch(() => undefined) : undefined;
  const { model, trust, report } = (config ?? {}) as Record<string, unknown>;
  if (typeof model === 'string' && typeof trust === 'string') {
    return { model, trust, report: typeof report === 'string' ? report : undefined };
  }
  throw new AppProblem(
    'config-broken',
    `Expected \`model\` and \`trust\` in nearside.config.json, got HTTP ${response.status} without them.`,
  );
}
