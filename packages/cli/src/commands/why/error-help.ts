import { PROXY_ERRORS, toErrorCode } from '@heddle/api/proxy-errors'

/** What is to be said of a code of the proxies' error table. */
export interface ErrorHelp {
  readonly code: string
  /** One sentence: what happened. */
  readonly meaning: string
  /** What to try. */
  readonly hint: string
  /** Where to read on. */
  readonly page: string
}

/** `undefined` for no code, and for one of another version. */
export function findErrorHelp(code: string): ErrorHelp | undefined {
  const known = toErrorCode(code)
  if (known === undefined) return undefined
  const { meaning, hint } = PROXY_ERRORS[known]
  return { code: known, meaning, hint, page: `docs/errors.md#${known}` }
}
