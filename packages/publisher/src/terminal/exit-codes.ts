/** The exit codes of every command, one meaning each. `expiring`: metadata has to be renewed. */
export const EXIT = Object.freeze({ done: 0, failed: 1, usage: 2, expiring: 3, refused: 4 });
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
