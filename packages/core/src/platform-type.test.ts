import { expectTypeOf, test } from 'vitest';
import type { PlatformType } from './platform-type.js';

test('a type of the platform is itself where the compiler knows it, and none where it does not', () => {
  expectTypeOf<PlatformType<'HTMLVideoElement'>>().toEqualTypeOf<HTMLVideoElement>();
  expectTypeOf<PlatformType<'ImageBitmap'>>().toEqualTypeOf<ImageBitmap>();
  expectTypeOf<PlatformType<'NobodysElement'>>().toBeNever();
});
