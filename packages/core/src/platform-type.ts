/**
 * The platform's type of a name, such as `HTMLVideoElement`, where the compiler's libraries have it; `never` where they
 * do not. So our types can be read in Node and in workers, without the types of a page.
 */
export type PlatformType<Name extends string> = typeof globalThis extends {
  readonly [Each in Name]: { readonly prototype: infer Type };
}
  ? Type
  : never;
