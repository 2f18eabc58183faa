import { expect, test } from 'vitest';
import known from '../../fixtures/audio.json' with { type: 'json' };
import { farthest, unpacked } from '../../fixtures/sound.js';
import { type MelScale, melBank } from './mel-bank.js';

test.each(known.banks)('a bank on the scale $mel_scale, norm $norm, is torchaudio’s', (one) => {
  const bins = 65;
  const bank = melBank({
    sampleRateHz: 8000,
    nFft: 128,
    nMels: 12,
    fMinHz: 20,
    fMaxHz: 4000,
    melScale: one.mel_scale as MelScale,
    norm: (one.norm ?? undefined) as 'slaney' | undefined,
  });
  const whole = bank.flatMap(({ first, weights }) =>
    Array.from({ length: bins }, (_, k) => weights[k - first] ?? 0),
  );
  expect(farthest(whole, unpacked(one.expected))).toBeLessThan(1e-5);
});
