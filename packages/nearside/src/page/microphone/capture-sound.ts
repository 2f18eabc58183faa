import { NearsideError } from '@nearside/core';
import { assetsFolder } from '../runtime-files/in-folder.js';

export interface CaptureRequest {
  readonly constraints: MediaTrackConstraints | undefined;
  readonly assets: string | undefined;
  /** Aborted when nobody listens any more: then the device is let go of. */
  readonly leaving: AbortSignal;
  /** Samples of one channel, from −1 to 1, given away. */
  readonly onPiece: (samples: Float32Array<ArrayBuffer>, sampleRateHz: number) => void;
  /** Called once at most: it could not be begun, or the device was lost. */
  readonly onFailure: (error: NearsideError) => void;
}

/** Starts a worklet that collects a microphone's sound. Returns at once; the user may have to be asked first. */
export function startCapture(request: CaptureRequest): void {
  capture(request).catch((error: NearsideError) => {
    if (!request.leaving.aborted) request.onFailure(error);
  });
}

async function capture(request: CaptureRequest): Promise<void> {
  const { constraints = {}, assets, leaving, onPiece, onFailure } = request;
  const stream = await askFor(constraints);
  const [track] = stream.getAudioTracks() as [MediaStreamTrack];
  const stop = () => track.stop();
  if (leaving.aborted) return stop();
  leaving.addEventListener('abort', stop);
  track.addEventListener('ended', () => onFailure(unplugged(track)));

  const context = openContext(track);
  leaving.addEventListener('abort', () => void context.close());
  await addWorklet(context, assets);
  if (leaving.aborted) return;
  const node = new AudioWorkletNode(context, 'nearside-microphone', {
    channelCount: 1,
    channelCountMode: 'explicit', // the browser mixes down
  });
  node.port.onmessage = ({ data }) => {
    if (!leaving.aborted) onPiece(data, context.sampleRate);
  };
  leaving.addEventListener('abort', () => node.port.postMessage('over'));
  context.createMediaStreamSource(stream).connect(node);
  node.connect(context.destination); // it is silent; Safari runs no node that leads nowhere
  await context.resume();
}

/** @throws NearsideError `insecure-context`, `microphone-refused`, `microphone-unavailable` */
async function askFor(constraints: MediaTrackConstraints): Promise<MediaStream> {
  const { mediaDevices } = globalThis.navigator ?? {};
  if (!mediaDevices) throw unsupported();
  try {
    return await mediaDevices.getUserMedia({ audio: constraints });
  } catch (cause) {
    throw notGiven(cause);
  }
}

function unsupported(): NearsideError {
  if (globalThis.isSecureContext === false) {
    return new NearsideError(
      'insecure-context',
      'Expected a secure page, as microphones need one, got another. Serve it over https:.',
    );
  }
  return new NearsideError(
    'microphone-unavailable',
    'Expected a browser that has microphones, got none.',
  );
}

function notGiven(cause: unknown): NearsideError {
  const { name, message } = cause as DOMException;
  const details = { reason: name };
  if (name === 'NotAllowedError' || name === 'SecurityError') {
    return new NearsideError(
      'microphone-refused',
      `Expected to be allowed the microphone, got a refusal (${message}). Ask the user to allow it in the browser's site settings; a frame needs \`allow="microphone"\`.`,
      { cause, details },
    );
  }
  return new NearsideError(
    'microphone-unavailable',
    `Expected a microphone, got none (${name}: ${message}). Is one plugged in, and free of other apps?`,
    { cause, details, retryable: true },
  );
}

function unplugged(track: MediaStreamTrack): NearsideError {
  return new NearsideError(
    'microphone-unavailable',
    `Expected the microphone '${track.label}' to stay, got it unplugged or taken away. Choose one again.`,
    { details: { reason: 'ended' }, retryable: true },
  );
}

/** The context has the device's own rate where the browser tells it: Firefox connects a microphone to no other. */
function openContext(track: MediaStreamTrack): AudioContext {
  const { sampleRate } = track.getSettings();
  try {
    return new AudioContext(sampleRate === undefined ? {} : { sampleRate });
  } catch {
    return new AudioContext(); // no context can have that rate
  }
}

async function addWorklet(context: AudioContext, assets: string | undefined): Promise<void> {
  const address = await workletAddress(assets);
  await context.audioWorklet.addModule(address).catch((cause: unknown) => {
    throw new NearsideError(
      'assets-unreachable',
      `Expected the microphone's worklet at ${address}, got a failure. Is it served, and allowed by \`script-src\` of the Content-Security-Policy (\`blob:\` for one of another origin)? \`assets\` names another folder.`,
      { cause, details: { script: address }, retryable: true },
    );
  });
}

/** Bundlers find the worklet through the literal `new URL(…)` and copy it as it is. */
async function workletAddress(base: string | undefined): Promise<string> {
  if (base === undefined)
    return new URL('../../assets/microphone-worklet.js', import.meta.url).href;
  const copy = new URL('microphone-worklet.js', assetsFolder(base));
  if (copy.origin === globalThis.origin) return copy.href;
  const { blobOf, hold } = await import('../platform/start-elsewhere.js');
  hold(copy);
  return blobOf([copy]); // `addModule` takes no hash
}
