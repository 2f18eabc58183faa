import { part } from './part.js';

/** An answer of the model, with the text that it is about. */
export interface Answer {
  readonly text: string;
  readonly isSpam: boolean;
  /** From 0 to 1. */
  readonly spam: number;
  readonly model: string;
}

interface Sending {
  readonly name: string;
  readonly message: string;
  /** Of the message; undefined where it was not checked. */
  readonly checked: Answer | undefined;
}

/** What takes the form's place after it: the request that a real form would send. `onAnother` is called when the form is back. */
export function createSentView({
  form,
  onAnother,
}: {
  form: HTMLFormElement;
  onAnother: () => void;
}) {
  const sent = part('sent', HTMLElement);

  function show(sending: Sending): void {
    part('request', HTMLElement).textContent = requestOf(sending);
    part('sent-note', HTMLElement).textContent = noteOf(sending.checked);
    form.hidden = true;
    sent.hidden = false;
    part('sent-title', HTMLElement).focus();
  }

  part('another', HTMLButtonElement).addEventListener('click', () => {
    form.reset();
    form.hidden = false;
    sent.hidden = true;
    onAnother();
  });
  return { show };
}

function requestOf({ name, message, checked }: Sending): string {
  const body = {
    ...(name.trim() !== '' && { name: name.trim() }),
    message,
    ...(checked && { spam: Math.floor(1000 * checked.spam) / 1000, checkedBy: checked.model }),
  };
  const head = 'POST /contact HTTP/1.1\nContent-Type: application/json\n\n';
  return `${head}${JSON.stringify(body, undefined, 2)}`;
}

function noteOf(checked: Answer | undefined): string {
  if (!checked) return 'It was not checked, so it goes without a score.';
  return checked.isSpam ? 'It goes in spite of the warning, and its score says so.' : '';
}
