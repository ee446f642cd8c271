/** Whether a second try is sent while the first is still silent. */
export type HedgeVerdict =
  | { readonly kind: 'send'; readonly reason: string }
  /** To be asked again then. */
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'none'; readonly reason: string }
