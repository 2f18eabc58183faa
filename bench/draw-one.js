/** A white stroke downwards on black. */
export function drawOne() {
  const image = new ImageData(28, 28);
  image.data.fill(255);
  for (let i = 0; i < image.data.length; i += 4) image.data.fill(0, i, i + 3);
  for (let y = 5; y < 23; y += 1) image.data.fill(255, (y * 28 + 13) * 4, (y * 28 + 15) * 4);
  return image;
}
