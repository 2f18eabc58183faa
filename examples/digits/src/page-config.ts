export const CONFIG_PATH = '/nearside.config.json';

/** The server that serves this page tells it these. */
export interface PageConfig {
  /** The model's address. */
  readonly model: string;
  /** The repository's pin. */
  readonly trust: string;
  /** Where reports go; without it nothing leaves the device. */
  readonly report: string | undefined;
  readonly dashboard: string | undefined;
}

export async function fetchPageConfig(): Promise<PageConfig> {
  const response = await fetch(CONFIG_PATH);
  if (!response.ok) {
    throw new Error(`Expected ${CONFIG_PATH} from the server, got HTTP ${response.status}.`);
  }
  const config: unknown = await response.json().catch(() => undefined);
  return parsePageConfig(config);
}

function parsePageConfig(config: unknown): PageConfig {
  const { model, trust, report, dashboard } = (config ?? {}) as Record<string, unknown>;
  if (typeof model !== 'string' || typeof trust !== 'string') {
    throw new Error(`Expected \`model\` and \`trust\` in ${CONFIG_PATH}; one is missing.`);
  }
  return { model, trust, report: text(report), dashboard: text(dashboard) };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
