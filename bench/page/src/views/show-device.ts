import { isSoftwareGpu } from '../measure/device-facts.ts';
import type { DeviceFacts } from '../results/result.ts';
import { element, part } from './element.ts';

export function showDevice(device: DeviceFacts): void {
  const facts = [
    ['Browser', `${device.browser} on ${device.system}`],
    ['Cores', String(device.cores)],
    ['Memory', device.memoryGb === null ? 'not told' : `${device.memoryGb} GB or more`],
    ['GPU', gpuInWords(device)],
    ['Threads', device.isIsolated ? 'yes, the page is isolated' : 'no: the page is not isolated'],
    ['Screen', device.screen],
  ] as const;
  const pairs = facts.map(([name, text]) =>
    element('div', {}, [element('dt', {}, [name]), element('dd', {}, [text])]),
  );
  part('device').replaceChildren(...pairs);
}

function gpuInWords({ gpu }: DeviceFacts): string {
  if (gpu === null) return 'none that WebGPU can use';
  return isSoftwareGpu(gpu) ? `${gpu}, computed in software` : gpu;
}
