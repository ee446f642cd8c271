import { expect, test } from 'vitest'
import { formatRedirectRules } from './redirect-rules.ts'

test('formatRedirectRules() writes one transaction that spares the proxy and the loopback interface', () => {
  expect(formatRedirectRules({ family: 'ipv4', proxyUid: 2102, outboundPort: 15001, inboundPort: 15006 })).toBe(
    `*nat
:HEDDLE_INBOUND - [0:0]
:HEDDLE_OUTPUT - [0:0]
-A PREROUTING -p tcp -j HEDDLE_INBOUND
-A OUTPUT -p tcp -j HEDDLE_OUTPUT
-A HEDDLE_INBOUND -i lo -j RETURN
-A HEDDLE_INBOUND -p tcp -j REDIRECT --to-ports 15006
-A HEDDLE_OUTPUT -m owner --uid-owner 2102 -j RETURN
-A HEDDLE_OUTPUT -o lo -j RETURN
-A HEDDLE_OUTPUT -p tcp -j REDIRECT --to-ports 15001
COMMIT
`,
  )
})
