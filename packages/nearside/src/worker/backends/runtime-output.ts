/** What the runtime prints, as somebody collects it; undefined while nobody does. */
let collected: string[] | undefined;
let isTapped = false;

/**
 * Lets what a runtime prints be collected. ONNX Runtime's wasm has no file to write a profile to: it
 * prints it, by the `console.log` it finds when it starts. So this comes before its start.
 */
export function tapRuntimeOutput(): void {
  if (isTapped || isNode()) return; // there it writes to the process's output itself
  isTapped = true;
  const print = console.log;
  console.log = (...line) => {
    if (collected) collected.push(line.join(' '));
    else print.apply(console, line);
  };
}

/** Whether {@link collectRuntimeOutput} would get anything. */
export function canCollectRuntimeOutput(): boolean {
  return isTapped;
}

/** What is printed while `work` is done, line by line. */
export function collectRuntimeOutput(work: () => void): string[] {
  const lines: string[] = [];
  collected = lines;
  try {
    work();
  } finally {
    collected = undefined;
  }
  return lines;
}

function isNode(): boolean {
  const { process } = globalThis as { process?: { versions?: { node?: string } } };
  return process?.versions?.node !== undefined;
}
