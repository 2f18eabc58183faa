/** Where a command prints to, and what ends it. */
export interface Terminal {
  out(line: string): void;
  error(line: string): void;
  /** Says how far long work has come. Absent where nobody watches. */
  progress?: ((line: string) => void) | undefined;
  /** Resolves when the user has had enough of a command that goes on for ever. */
  interrupted(): Promise<void>;
  /** Asks for a secret without showing it. Absent where nobody sits at a keyboard. */
  askSecret?: ((question: string) => Promise<string>) | undefined;
  /** Errors are printed with their stack and causes. */
  readonly debug: boolean;
}

/** Prints a result once: as one JSON document, or in words. */
export function printResult(
  terminal: Terminal,
  { json, result, text }: { json: boolean | undefined; result: object; text: () => string },
): void {
  terminal.out(json ? JSON.stringify(result, null, 2) : text());
}

/** What every command accepts. */
export interface CommonOptions {
  readonly json?: true;
}
