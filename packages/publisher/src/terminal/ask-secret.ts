/** The part of `process.stdin` that reading from a terminal needs. */
export interface TerminalInput {
  setRawMode(raw: boolean): unknown;
  on(event: 'data', listener: (data: Buffer) => void): unknown;
  off(event: 'data', listener: (data: Buffer) => void): unknown;
  resume(): unknown;
  pause(): unknown;
}

const INTERRUPT = '\u0003';
const END_OF_INPUT = '\u0004';

/**
 * Asks for a secret without showing what is typed.
 *
 * @throws Error when the user presses Ctrl-C
 */
export function askSecret(
  question: string,
  { input, write }: { input: TerminalInput; write: (text: string) => void },
): Promise<string> {
  write(question);
  input.setRawMode(true);
  input.resume();
  return new Promise((resolve, reject) => {
    let typed: string[] = [];

    function end(settle: () => void): void {
      input.off('data', onData);
      input.setRawMode(false);
      input.pause();
      write('\n');
      settle();
    }

    function onData(data: Buffer): void {
      for (const character of data.toString('utf8')) {
        if (character === INTERRUPT) {
          end(() => reject(new Error('Interrupted.')));
          return;
        }
        if (character === '\r' || character === '\n' || character === END_OF_INPUT) {
          end(() => resolve(typed.join('')));
          return;
        }
        if (character === '\u007f' || character === '\b') typed = typed.slice(0, -1);
        else typed.push(character);
      }
    }

    input.on('data', onData);
  });
}
