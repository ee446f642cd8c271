import { expect, test } from 'vitest'
import { formatRedirectRules } from './redirect-rules.ts'

const OPTIONS = { proxyUid: 2102, outboundPort: 15001, inboundPort: 15006 }
const TO_SELF = '-A HEDDLE_OUTPUT -d 127.0.0.6/31 -p tcp -m owner --uid-owner 2102 -j REDIRECT --to-ports 15006\n'

test('formatRedirectRules() writes one transaction that spares the proxy and the loopback interface', () => {
  expect(formatRedirectRules({ ...OPTIONS, family: 'ipv6' })).toBe(
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

test('formatRedirectRules() leads the proxy to itself where it asks for that', () => {
  const rules = formatRedirectRules({ ...OPTIONS, family: 'ipv4' })
  expect(rules).toContain(TO_SELF)
  expect(rules.replace(TO_SELF, '')).toBe(formatRedirectRules({ ...OPTIONS, family: 'ipv6' }))
})

const RANGE = { first: 4000, last: 4100 }
const SKIP = {
  inboundPorts: [{ first: 15020, last: 15020 }, RANGE],
  outboundPorts: [{ first: 53, last: 53 }],
  subnets: ['10.0.0.0/8', 'fd00::/8'],
}

test('formatRedirectRules() lets pass what is to be skipped, with the subnets of its own family', () => {
  expect(formatRedirectRules({ ...OPTIONS, family: 'ipv6', skip: SKIP })).toBe(
    `*nat
:HEDDLE_INBOUND - [0:0]
:HEDDLE_OUTPUT - [0:0]
-A PREROUTING -p tcp -j HEDDLE_INBOUND
-A OUTPUT -p tcp -j HEDDLE_OUTPUT
-A HEDDLE_INBOUND -i lo -j RETURN
-A HEDDLE_INBOUND -p tcp --dport 15020 -j RETURN
-A HEDDLE_INBOUND -p tcp --dport 4000:4100 -j RETURN
-A HEDDLE_INBOUND -s fd00::/8 -j RETURN
-A HEDDLE_INBOUND -p tcp -j REDIRECT --to-ports 15006
-A HEDDLE_OUTPUT -m owner --uid-owner 2102 -j RETURN
-A HEDDLE_OUTPUT -o lo -j RETURN
-A HEDDLE_OUTPUT -p tcp --dport 53 -j RETURN
-A HEDDLE_OUTPUT -d fd00::/8 -j RETURN
-A HEDDLE_OUTPUT -p tcp -j REDIRECT --to-ports 15001
COMMIT
`,
  )
  expect(formatRedirectRules({ ...OPTIONS, family: 'ipv4', skip: SKIP })).toContain('-s 10.0.0.0/8 -j RETURN')
})

test('formatRedirectRules() joins no chain a second time', () => {
  const rules = formatRedirectRules({ ...OPTIONS, family: 'ipv4', joined: ['OUTPUT'] })
  expect(rules).toContain('-A PREROUTING -p tcp -j HEDDLE_INBOUND\n')
  expect(rules).not.toContain('-A OUTPUT ')
})
