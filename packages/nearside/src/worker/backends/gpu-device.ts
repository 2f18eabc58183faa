import { type BackendName, NearsideError, type Variant } from '@nearside/core';
import { describeAdapter, missingFor, requestAdapter } from '../../shared/gpu-adapter.js';
import { attempt, backendError, unsupported } from './backend-error.js';

/** A GPU device that gives its failures a code. */
export interface GpuDevice {
  readonly device: GPUDevice;
  readonly adapterInfo: GPUAdapterInfo;
  /** Vendor and architecture as the browser tells them, such as `google swiftshader`. */
  readonly description: string;
  /**
   * Does one step on the device. The runtimes do not notice that the device went meanwhile, and
   * TensorFlow.js not that it refused a command: a buffer that is too large gives zeros (4.22).
   *
   * @throws NearsideError `device-lost`, `out-of-memory`, `backend-failed`; what `work` throws
   */
  guard<Value>(step: 'load' | 'run', work: () => Promise<Value>): Promise<Value>;
}

/** Features that make kernels faster or possible; taken where the adapter has them. */
const FEATURES = ['shader-f16', 'subgroups', 'timestamp-query', 'bgra8unorm-storage'] as const;

/** Both runtimes size their kernels by these limits. The defaults are those of the weakest GPU. */
const LIMITS = [
  'maxBindGroups',
  'maxBufferSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
  'maxComputeWorkgroupSizeY',
  'maxComputeWorkgroupSizeZ',
  'maxComputeWorkgroupStorageSize',
  'maxComputeWorkgroupsPerDimension',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
] as const satisfies (keyof GPUSupportedLimits)[];

/** Kinds of error that a device only tells to whoever asks. */
const ERRORS = ['validation', 'internal', 'out-of-memory'] as const;

/**
 * Firefox 153 refuses what is asked of a lost device some time before it says that it is lost: up to a
 * few hundred milliseconds on a busy machine. Longer than this is not waited for it, ms.
 */
const ANNOUNCEMENT_MS = 5_000;

/** @throws NearsideError `no-backend` without an adapter, without JSPI where it is needed, or without fp16 for an fp16 variant */
export async function requireGpu(backend: BackendName, { dtype }: Variant): Promise<void> {
  const adapter = await requestAdapter();
  if (!adapter) throw unsupported(backend, 'WebGPU with an adapter');
  const missing = missingFor(backend);
  if (missing) throw unsupported(backend, missing);
  // Without the feature ONNX Runtime fails at the first run, and TensorFlow.js has no fp16 at all.
  if (dtype === 'fp16' && !adapter.features.has('shader-f16')) {
    throw unsupported(backend, 'a GPU with 16-bit floats (`shader-f16`)');
  }
}

/**
 * Opens a device of the fastest adapter, for this worker alone.
 *
 * @param onLost told once, when the device is lost
 * @throws NearsideError `no-backend` or `backend-failed`
 */
export async function openGpuDevice(
  backend: BackendName,
  onLost: (error: NearsideError) => void,
): Promise<GpuDevice> {
  const { device, adapterInfo } = await attempt(backend, 'start', () => requestDevice(backend));
  let lost: NearsideError | undefined;
  const loss = device.lost.then((info) => {
    lost = deviceLost(backend, info);
    onLost(lost);
    return lost;
  });

  /** A run that fails as the device goes may do so before the loss is announced. */
  async function failWith(error: unknown): Promise<never> {
    if (await canMap(device)) throw error;
    throw (await Promise.race([loss, announcementTime()])) ?? error;
  }

  return {
    device,
    adapterInfo,
    description: describeAdapter(adapterInfo),
    async guard(step, work) {
      if (lost) throw lost;
      for (const filter of ERRORS) device.pushErrorScope(filter);
      const ended = Promise.race([work(), loss.then((error) => Promise.reject(error))]);
      const [worked] = await Promise.allSettled([ended]);
      const refusals = await Promise.all(ERRORS.map(() => device.popErrorScope())).catch(() => []);
      const refusal = refusals.find((error) => error !== null);
      if (worked.status === 'rejected') return failWith(worked.reason);
      if (lost) throw lost;
      if (!refusal) return worked.value;
      const isMemory = refusal instanceof GPUOutOfMemoryError;
      const got = `${isMemory ? 'out of memory: ' : ''}${refusal.message}`;
      return failWith(backendError(backend, step, got));
    },
  };
}

/** An adapter gives one device; another try needs another adapter. */
async function requestDevice(backend: BackendName) {
  for (let triesLeft = 1; ; triesLeft -= 1) {
    const adapter = await requestAdapter();
    if (!adapter) throw unsupported(backend, 'WebGPU with an adapter');
    try {
      const device = await adapter.requestDevice({
        requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
        requiredLimits: Object.fromEntries(LIMITS.map((name) => [name, adapter.limits[name]])),
      });
      return { device: tellingInfo(device, adapter), adapterInfo: adapter.info };
    } catch (error) {
      if (triesLeft === 0) throw error;
    }
  }
}

/** ONNX Runtime reads sizes of subgroups there, and Safari 26 has it on the adapter alone (microsoft/onnxruntime#26480). */
function tellingInfo(device: GPUDevice, { info }: GPUAdapter): GPUDevice {
  if (!device.adapterInfo) Object.defineProperty(device, 'adapterInfo', { value: info });
  return device;
}

/** Maps a buffer of four bytes, which a lost device cannot do. */
async function canMap(device: GPUDevice): Promise<boolean> {
  const usage = GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST;
  const buffer = device.createBuffer({ size: 4, usage });
  try {
    await buffer.mapAsync(GPUMapMode.READ);
    return true;
  } catch {
    return false;
  } finally {
    buffer.destroy();
  }
}

function announcementTime(): Promise<undefined> {
  return new Promise((resolve) => setTimeout(resolve, ANNOUNCEMENT_MS));
}

function deviceLost(backend: BackendName, { reason, message }: GPUDeviceLostInfo): NearsideError {
  return new NearsideError(
    'device-lost',
    `${backend}: expected the GPU to stay available, got a lost device (${reason}): ${message} ` +
      'Another worker takes its place; call again.',
    { details: { backend, reason }, retryable: true },
  );
}
