import type { DeviceFacts } from '../results/result.ts';

/** What a browser says of its device. Nothing of it leaves the page but by the hand of whoever is at it. */
export async function deviceFacts(): Promise<DeviceFacts> {
  const { userAgent, hardwareConcurrency, deviceMemory } = navigator as Navigator & {
    deviceMemory?: number;
  };
  return {
    browser: browserName(userAgent),
    system: systemName(userAgent),
    cores: hardwareConcurrency ?? 1,
    memoryGb: deviceMemory ?? null,
    isIsolated: globalThis.crossOriginIsolated === true,
    gpu: await gpuName(),
    screen: `${screen.width} × ${screen.height}`,
  };
}

const BROWSERS = [
  ['Edge', /Edg\/(\d+)/],
  ['Firefox', /Firefox\/(\d+)/],
  ['Chrome', /(?:Headless)?Chrome\/(\d+)/],
  ['Safari', /Version\/(\d+).*Safari/],
] as const;

function browserName(agent: string): string {
  for (const [name, pattern] of BROWSERS) {
    const found = pattern.exec(agent);
    if (found) return `${name} ${found[1]}`;
  }
  return 'unknown';
}

const SYSTEMS = [
  ['Android', /Android/],
  ['iOS', /iPhone|iPad/],
  ['Windows', /Windows/],
  ['macOS', /Mac OS X/],
  ['ChromeOS', /CrOS/],
  ['Linux', /Linux/],
] as const;

function systemName(agent: string): string {
  return SYSTEMS.find(([, pattern]) => pattern.test(agent))?.[0] ?? 'unknown';
}

/** What of WebGPU is asked here; TypeScript's DOM library may lack it. */
interface Gpu {
  requestAdapter(): Promise<{ info?: Readonly<Record<string, unknown>> } | null>;
}

async function gpuName(): Promise<string | null> {
  const { gpu } = navigator as Navigator & { gpu?: Gpu };
  const adapter = await gpu?.requestAdapter().catch(() => null);
  if (!adapter) return null;
  const { vendor, architecture, description } = adapter.info ?? {};
  return [vendor, architecture, description].filter(Boolean).join(' ') || 'a GPU without a name';
}

/** Why nothing is measured on WebGPU here, and what helps. @returns undefined where it is there */
export function lackOfWebGpu({ gpu }: DeviceFacts): string | undefined {
  if (gpu !== null) return undefined;
  if (!isSecureContext)
    return 'WebGPU needs a secure page: open this one over https or on localhost.';
  if ('gpu' in navigator)
    return 'This browser finds no GPU for WebGPU: see whether its settings have hardware acceleration on.';
  return 'This browser has no WebGPU: another one may have it.';
}

/** SwiftShader, Mesa's llvmpipe and lavapipe, and Microsoft's Basic Render Driver compute on the CPU. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render|software/i;

export function isSoftwareGpu(name: string): boolean {
  return SOFTWARE.test(name);
}
