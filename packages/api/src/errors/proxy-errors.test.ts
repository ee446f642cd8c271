import { expect, test } from 'vitest'
import { CLIENT_ERRORS } from './client-errors.ts'
import { CONNECT_ERRORS } from './connect-errors.ts'
import { DESTINATION_ERRORS } from './destination-errors.ts'
import { FAULT_ERRORS } from './fault-errors.ts'
import { OWN_ERRORS } from './own-errors.ts'
import { PROXY_ERRORS } from './proxy-errors.ts'
import { ROUTE_ERRORS } from './route-errors.ts'
import { SPARING_ERRORS } from './sparing-errors.ts'
import { UPSTREAM_ERRORS } from './upstream-errors.ts'

test('PROXY_ERRORS has every code of its parts, none of which another part has as well', () => {
  const parts = [
    DESTINATION_ERRORS,
    ROUTE_ERRORS,
    FAULT_ERRORS,
    CONNECT_ERRORS,
    UPSTREAM_ERRORS,
    SPARING_ERRORS,
    CLIENT_ERRORS,
    OWN_ERRORS,
  ]
  expect(parts.flatMap((part) => Object.keys(part)).sort()).toEqual(Object.keys(PROXY_ERRORS).sort())
})
