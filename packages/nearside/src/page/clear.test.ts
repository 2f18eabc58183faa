import { expect, test } from 'vitest';
import { clear } from './clear.js';

test('clear takes nothing off the device unless it is told exactly what', async () => {
  const wrong: [unknown, RegExp][] = [
    [undefined, /expected an object of options; got undefined/],
    [null, /expected an object of options; got null/],
    ['digits', /expected an object of options; got 'digits'/],
    [{}, /expected \{ model: name \} or \{ everything: true \}/],
    [{ everything: false }, /expected \{ model: name \} or \{ everything: true \}/],
    [{ model: 'digits', everything: true }, /expected \{ model: name \} or \{ everything: true \}/],
    [
      { model: 'digits', foo: 1 },
      /expected one of the options model, everything, store; got 'foo'/,
    ],
    [{ model: 5 }, /`model` to be a model's name.*got 5/],
    [{ model: 'https://cdn.example/digits' }, /`model` to be a model's name.*got 'https:/],
    [{ model: 'digits', everything: 'yes' }, /`everything` to be true or false; got 'yes'/],
    [{ everything: 1 }, /`everything` to be true or false; got 1/],
    [{ everything: true, store: 'ram' }, /`store` to be 'auto', 'memory'.*got 'ram'/],
    [{ everything: true, store: null }, /`store`.*got null/],
    [{ everything: true, store: {} }, /`store.directory`.*got undefined/],
  ];
  for (const [options, message] of wrong) {
    const error: Error = await clear(options as never).then(
      () => new Error('it was cleared'),
      (error) => error,
    );
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^clear: /);
  }
  await clear({ model: 'digits', store: 'memory' });
  await clear({ everything: true, model: undefined, store: undefined });
});
