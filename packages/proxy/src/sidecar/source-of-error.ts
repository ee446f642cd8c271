import { PROXY_ERRORS } from '../errors/proxy-error.ts'

/** Who has to look at an error code: the `source` label of `heddle_errors_total`. */
export function sourceOfError(code: string): string {
  const specs: Readonly<Record<string, { readonly source: string }>> = PROXY_ERRORS
  return specs[code]?.source ?? 'mesh'
}
