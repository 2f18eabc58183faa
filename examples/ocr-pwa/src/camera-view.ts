import { type Camera, startCamera } from './camera.js';
import { part } from './part.js';
import { showProblem } from './problem-panel.js';

/**
 * The camera's picture with its buttons, in place of the photo. The camera stops when a picture was taken, when it is
 * closed, and when the page is hidden.
 */
export function createCameraView(onPhoto: (photo: Blob) => void): { close(): void } {
  const page = document.documentElement;
  const [start, shoot] = [part('camera-start'), part('camera-shoot')];
  const video = part('video', HTMLVideoElement);
  let camera: Camera | undefined;
  let isStarting = false;

  async function open(): Promise<void> {
    if (camera || isStarting) return;
    isStarting = true;
    showProblem(part('camera-problem'), undefined);
    try {
      camera = await startCamera(video);
      if (document.hidden) return close();
      page.dataset.camera = 'on';
      shoot.focus();
    } catch (error) {
      showProblem(part('camera-problem'), error);
    } finally {
      isStarting = false;
    }
  }

  function close(): void {
    showProblem(part('camera-problem'), undefined);
    if (!camera) return;
    camera.stop();
    camera = undefined;
    delete page.dataset.camera;
    start.focus();
  }

  async function take(): Promise<void> {
    const photo = await camera?.shoot();
    close();
    if (photo) onPhoto(photo);
  }

  start.addEventListener('click', () => void open());
  shoot.addEventListener('click', () => void take());
  part('camera-stop').addEventListener('click', close);
  document.addEventListener('keydown', ({ key }) => {
    if (key === 'Escape') close();
  });
  document.addEventListener('visibilitychange', () => {
    if (document.hidden) close();
  });
  return { close };
}
