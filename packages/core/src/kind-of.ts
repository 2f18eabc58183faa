/**
 * @returns a built-in or platform object's class, such as `AbortSignal`. It names no global, because one may not
 *   exist here, and it recognises objects of another window, where `instanceof` fails
 */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice('[object '.length, -1);
}

/**
 * The platform's type of a name, such as `HTMLVideoElement`; `never` where the compiler's libraries lack it. So our
 * types can be read in Node and in workers, without the types of a page.
 */
export type PlatformType<Name extends string> = typeof globalThis extends {
  readonly [Each in Name]: { readonly prototype: infer Type };
}
  ? Type
  : never;
