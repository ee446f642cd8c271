/** How a rewrite or a redirect changes the path. */
export type PathChange =
  | { readonly kind: 'full'; readonly path: string }
  /** `prefix` is what the rule matched, both without a slash at the end; `/` is the empty string. */
  | { readonly kind: 'prefix'; readonly prefix: string; readonly replacement: string }
