import { CLIENT_ERRORS } from './client-errors.ts'
import { CONNECT_ERRORS } from './connect-errors.ts'
import { DESTINATION_ERRORS } from './destination-errors.ts'
import { FAULT_ERRORS } from './fault-errors.ts'
import { OWN_ERRORS } from './own-errors.ts'
import { ROUTE_ERRORS } from './route-errors.ts'
import { SPARING_ERRORS } from './sparing-errors.ts'
import { UPSTREAM_ERRORS } from './upstream-errors.ts'

/**
 * Every way a request or connection can fail in the proxy, for the proxy and for whoever explains it. docs/errors.md is generated from
 * this table. Its parts follow a request; whoever adds a way to fail looks through all of them first.
 */
export const PROXY_ERRORS = {
  ...DESTINATION_ERRORS,
  ...ROUTE_ERRORS,
  ...FAULT_ERRORS,
  ...CONNECT_ERRORS,
  ...UPSTREAM_ERRORS,
  ...SPARING_ERRORS,
  ...CLIENT_ERRORS,
  ...OWN_ERRORS,
} as const

/** Never renamed. */
export type ProxyErrorCode = keyof typeof PROXY_ERRORS

/** The code that a proxy wrote into its `heddle-error` field or a record; `undefined` for what this version does not know. */
export function toErrorCode(text: string | undefined): ProxyErrorCode | undefined {
  return text !== undefined && Object.hasOwn(PROXY_ERRORS, text) ? (text as ProxyErrorCode) : undefined
}
