import type { TextLine } from 'nearside';
import { part } from './part.js';

/** The photo, with a box over each line of text. */
export function createPhotoView(onChoose: (index: number) => void) {
  const image = part('photo', HTMLImageElement);
  const boxes = part('boxes', SVGSVGElement);

  /** What is no picture leaves the place empty: the model says what is wrong with it. */
  async function show(photo: Blob): Promise<void> {
    URL.revokeObjectURL(image.src);
    boxes.replaceChildren();
    image.src = URL.createObjectURL(photo);
    const isPicture = await image.decode().then(
      () => true,
      () => false,
    );
    document.documentElement.dataset.photo = isPicture ? 'shown' : 'none';
    boxes.setAttribute('viewBox', `0 0 ${image.naturalWidth} ${image.naturalHeight}`);
  }

  /** @param lines in pixels of the photo */
  function drawBoxes(lines: readonly TextLine[]): void {
    boxes.replaceChildren(...lines.map(({ points }, i) => boxAround(points, () => onChoose(i))));
  }

  function mark(index: number | undefined): void {
    for (const [i, box] of [...boxes.children].entries()) {
      box.classList.toggle('is-chosen', i === index);
    }
  }
  return { show, drawBoxes, mark };
}

function boxAround(points: TextLine['points'], onChoose: () => void): SVGPolygonElement {
  const box = document.createElementNS('http://www.w3.org/2000/svg', 'polygon');
  box.setAttribute('points', points.map((point) => point.join()).join(' '));
  box.addEventListener('click', onChoose);
  return box;
}
