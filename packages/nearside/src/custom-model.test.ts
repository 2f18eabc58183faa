import { expectTypeOf, test } from 'vitest';
import type { CustomModel } from './custom-model.js';
import type { Model } from './model.js';
import { open } from './open.js';

interface Digit {
  readonly digit: number;
}

test('results of an app’s own task have the type that open was given, and others none', () => {
  expectTypeOf(open<Digit>).returns.resolves.toEqualTypeOf<CustomModel<Digit>>();
  const options = { trust: 'sha256-…' };
  const plain = () => open('https://cdn.example/models/digits', options);
  expectTypeOf(plain).returns.resolves.toEqualTypeOf<Model>();
  const own = async (model: CustomModel<Digit>) => (await model.run({ rows: [] })).output.digit;
  expectTypeOf(own).returns.resolves.toEqualTypeOf<number>();
});
