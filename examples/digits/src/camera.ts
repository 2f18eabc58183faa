/** A picture of about so many pixels is enough for the models here, and is taken at the camera's pace. */
const WANTED: MediaTrackConstraints = {
  facingMode: 'user',
  width: { ideal: 640 },
  height: { ideal: 480 },
  frameRate: { ideal: 30 },
};

/**
 * Shows the camera in a video, once the user has allowed that. It is let go when the signal aborts.
 *
 * @returns its track, which fires `ended` when the camera is unplugged or taken away
 * @throws {Error} a sentence to show, where there is no camera to be had; `signal.reason`
 */
export async function startCamera(
  video: HTMLVideoElement,
  { signal }: { signal: AbortSignal },
): Promise<MediaStreamTrack> {
  signal.throwIfAborted();
  const stream = await askForCamera();
  const stop = () => {
    for (const track of stream.getTracks()) track.stop();
    if (video.srcObject === stream) video.srcObject = null;
  };
  if (signal.aborted) stop(); // left while the user was being asked
  signal.throwIfAborted();
  signal.addEventListener('abort', stop, { once: true });
  const [track] = stream.getVideoTracks();
  if (!track)
    throw problem('camera-unavailable', 'The camera gives no picture. Choose another one.');
  video.srcObject = stream;
  video.muted = true;
  video.playsInline = true;
  await video.play();
  signal.throwIfAborted();
  return track;
}

/** To be shown when the camera's track has ended by itself. */
export function cameraLost({ label }: MediaStreamTrack): Error {
  const which = label ? `The camera “${label}”` : 'The camera';
  return problem(
    'camera-unavailable',
    `${which} was unplugged or taken away. Plug it in, and start again.`,
  );
}

async function askForCamera(): Promise<MediaStream> {
  if (!navigator.mediaDevices) {
    throw isSecureContext
      ? problem('camera-unavailable', 'This browser gives pages no camera. Open a picture instead.')
      : problem('insecure-context', 'Cameras need a secure page. Open this one over https:.');
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ video: WANTED });
  } catch (error) {
    throw notGiven(error as DOMException);
  }
}

function notGiven({ name, message }: DOMException): Error {
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return problem(
        'camera-refused',
        'The camera was not allowed. Allow it in the browser’s settings for this page, and start again.',
      );
    case 'NotFoundError':
    case 'OverconstrainedError':
      return problem(
        'camera-unavailable',
        'There is no camera here. Plug one in, or open a picture.',
      );
    default:
      return problem(
        'camera-unavailable',
        `The camera gives no picture (${message || name}). Close other apps that use it, and start again.`,
      );
  }
}

/** Problem panels show the name as its code. */
function problem(code: string, message: string): Error {
  return Object.assign(new Error(message), { name: code });
}
