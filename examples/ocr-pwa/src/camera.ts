import { AppProblem } from './problem.js';

/** As the platform names what went wrong. https://www.w3.org/TR/mediacapture-streams/#dom-mediadevices-getusermedia */
const PROBLEMS: Readonly<Record<string, readonly [code: string, message: string]>> = {
  NotAllowedError: ['camera-refused', 'This page may not use the camera.'],
  SecurityError: ['camera-refused', 'This page may not use the camera.'],
  NotFoundError: ['camera-missing', 'No camera was found.'],
  OverconstrainedError: ['camera-missing', 'No camera was found.'],
  NotReadableError: ['camera-busy', 'The camera could not be started.'],
  AbortError: ['camera-busy', 'The camera could not be started.'],
};

export interface Camera {
  /** @returns what is seen now, as a JPEG */
  shoot(): Promise<Blob>;
  stop(): void;
}

/**
 * Shows in `video` what the camera on the back of the device sees, or the only one.
 *
 * @throws AppProblem `camera-refused`, `camera-missing` or `camera-busy`
 */
export async function startCamera(video: HTMLVideoElement): Promise<Camera> {
  const stream = await askForCamera();
  video.srcObject = stream;
  await video.play().catch(() => {}); // ended before it began

  async function shoot(): Promise<Blob> {
    const canvas = new OffscreenCanvas(video.videoWidth, video.videoHeight);
    canvas.getContext('2d')?.drawImage(video, 0, 0);
    return canvas.convertToBlob({ type: 'image/jpeg', quality: 0.92 });
  }
  function stop(): void {
    for (const track of stream.getTracks()) track.stop();
    video.srcObject = null;
  }
  return { shoot, stop };
}

async function askForCamera(): Promise<MediaStream> {
  if (!navigator.mediaDevices) {
    throw new AppProblem('insecure-context', 'Browsers give a camera to secure pages alone.');
  }
  const video = { facingMode: 'environment', width: { ideal: 1920 }, height: { ideal: 1440 } };
  return navigator.mediaDevices.getUserMedia({ video }).catch((cause) => {
    const [code, message] = PROBLEMS[cause?.name] ?? ['camera-busy', String(cause)];
    throw new AppProblem(code, message, { cause });
  });
}
