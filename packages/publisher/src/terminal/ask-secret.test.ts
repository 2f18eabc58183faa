import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { askSecret } from './ask-secret.js';

/** A keyboard that knows whether what is typed would be shown. */
class Keyboard extends EventEmitter {
  raw = false;
  paused = true;
  setRawMode(raw: boolean) {
    this.raw = raw;
  }
  resume() {
    this.paused = false;
  }
  pause() {
    this.paused = true;
  }
  type(text: string) {
    expect(this.raw).toBe(true);
    this.emit('data', Buffer.from(text));
  }
}

function ask() {
  const input = new Keyboard();
  let shown = '';
  const answer = askSecret('Passphrase: ', {
    input,
    write: (text) => {
      shown += text;
    },
  });
  return { input, answer, shown: () => shown };
}

test('what is typed is never shown, and the terminal is as before afterwards', async () => {
  const { input, answer, shown } = ask();
  for (const part of ['op', 'en sésame', '\r']) input.type(part);
  expect(await answer).toBe('open sésame');
  expect(shown()).toBe('Passphrase: \n');
  expect(input).toMatchObject({ raw: false, paused: true });
  expect(input.listenerCount('data')).toBe(0);
});

test('a wrong letter can be taken back', async () => {
  const { input, answer } = ask();
  input.type('x\u007f\u007fab\bc\n');
  expect(await answer).toBe('ac');
});

test('Ctrl-C gives up, and leaves the terminal as it was', async () => {
  const { input, answer } = ask();
  input.type('abc\u0003');
  await expect(answer).rejects.toThrow('Interrupted');
  expect(input).toMatchObject({ raw: false, paused: true });
});
