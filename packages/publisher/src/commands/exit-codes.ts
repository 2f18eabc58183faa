/** The exit codes of every command, one meaning each. */
export const EXIT = Object.freeze({ done: 0, failed: 1, usage: 2 });
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
