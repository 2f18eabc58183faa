/** Pictures with text to try, drawn here: nothing has to be fetched for them. */
const SAMPLES: Readonly<Record<string, (context: OffscreenCanvasRenderingContext2D) => void>> = {
  'A receipt': drawReceipt,
  'A sign': drawSign,
  'A turned page': drawTurnedPage,
};

export const SAMPLE_NAMES: readonly string[] = Object.keys(SAMPLES);

/** @returns a PNG of 900 × 680 pixels */
export async function drawSample(name: string): Promise<Blob> {
  const canvas = new OffscreenCanvas(900, 680);
  const context = canvas.getContext('2d');
  if (!context) throw new Error('expected a canvas that can be drawn on, got none');
  SAMPLES[name]?.(context);
  return canvas.convertToBlob();
}

function drawReceipt(context: OffscreenCanvasRenderingContext2D): void {
  paint(context, ['#6f5f4b', '#8d7a61']);
  context.fillStyle = '#faf7ef';
  context.shadowColor = 'rgb(0 0 0 / 40%)';
  context.shadowBlur = 30;
  context.fillRect(230, 40, 440, 600);
  context.shadowBlur = 0;
  context.fillStyle = '#26221c';
  context.font = '600 34px Georgia, serif';
  context.fillText('Corner Bakery', 325, 110);
  context.font = '24px monospace';
  const rows = [
    ['2 Croissants', '5.80'],
    ['1 Rye bread', '4.20'],
    ['1 Espresso', '2.40'],
    ['3 Lemon tarts', '11.70'],
  ];
  for (const [i, [what = '', price = '']] of rows.entries()) {
    context.fillText(what, 270, 200 + i * 58);
    context.fillText(price, 560, 200 + i * 58);
  }
  context.font = '700 28px monospace';
  context.fillText('TOTAL', 270, 470);
  context.fillText('24.10', 545, 470);
  context.font = '20px monospace';
  context.fillText('Thank you, see you soon', 300, 570);
}

function drawSign(context: OffscreenCanvasRenderingContext2D): void {
  paint(context, ['#7fa7c9', '#d9e6ef']);
  context.fillStyle = '#14532d';
  context.beginPath();
  context.roundRect(110, 150, 680, 380, 26);
  context.fill();
  context.strokeStyle = '#f2f5ee';
  context.lineWidth = 6;
  context.beginPath();
  context.roundRect(126, 166, 648, 348, 18);
  context.stroke();
  context.fillStyle = '#f7faf3';
  context.font = '700 62px sans-serif';
  context.fillText('Harbour Street', 200, 275);
  context.font = '44px sans-serif';
  context.fillText('Ferry terminal 400 m', 200, 370);
  context.fillText('Open 06:30 to 23:00', 200, 450);
}

function drawTurnedPage(context: OffscreenCanvasRenderingContext2D): void {
  paint(context, ['#2f3640', '#454e5b']);
  context.translate(450, 340);
  context.rotate(-0.16);
  context.fillStyle = '#f6f4ec';
  context.fillRect(-330, -240, 660, 480);
  context.fillStyle = '#1d1d1b';
  context.font = '600 38px Georgia, serif';
  context.fillText('Notes of the meeting', -280, -160);
  context.font = '30px Georgia, serif';
  const lines = [
    'The bridge opens in the spring.',
    'Two lanes stay closed until May.',
    'Signs are to be put up by Friday.',
    'Next meeting: 14 March, 10:15',
  ];
  for (const [i, line] of lines.entries()) context.fillText(line, -280, -70 + i * 72);
}

function paint(
  context: OffscreenCanvasRenderingContext2D,
  [from, to]: readonly [string, string],
): void {
  const gradient = context.createLinearGradient(0, 0, 900, 680);
  gradient.addColorStop(0, from);
  gradient.addColorStop(1, to);
  context.fillStyle = gradient;
  context.fillRect(0, 0, 900, 680);
}
