/** Compiles an expression of RE2's syntax into a test of whole values. */
export type RegexCompiler = (expression: string) => ValueTest

/** Whether the whole value fits. Takes time linear in its length, and never throws. */
export type ValueTest = (value: string) => boolean

/** What a value has to be. */
export type TextMatch =
  | { readonly kind: 'exact'; readonly value: string }
  | { readonly kind: 'pattern'; readonly value: string; readonly test: ValueTest }

/** What a header field or query parameter has to be. */
export interface FieldMatch {
  /** Of a header in lower case. */
  readonly name: string
  readonly text: TextMatch
}
