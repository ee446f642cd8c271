import { Code, ConnectError, createClient, createRouterTransport } from '@connectrpc/connect'
import { AdminService } from '@heddle/api/admin'
import { describe, expect, test } from 'vitest'
import { cleanAnswer, cleanText } from './clean-answer.ts'
import { explainFailures } from './control-client.ts'

const HOSTILE = 'ok\u001b[2J\u001b[1;1Hall is well\u009b31m\u0007\r'
const CLEAN = 'ok\ufffd[2J\ufffd[1;1Hall is well\ufffd31m\ufffd\ufffd'
const PLACE = {
  title: 'the control plane',
  server: 'https://a',
  serverIdentity: 'a',
  remedies: { unavailable: 'a', refused: 'b', slow: '' },
}

describe('cleanText()', () => {
  test.each([
    { name: 'what moves the cursor', text: HOSTILE, clean: CLEAN },
    { name: 'no line, no tab, no letter of any script', text: 'a: b\n\tü 語 🙂\u00a0', clean: 'a: b\n\tü 語 🙂\u00a0' },
  ])('takes out $name', ({ text, clean }) => expect(cleanText(text)).toBe(clean))
})

test('cleanAnswer() goes through lists and maps, and leaves all else', () => {
  const bytes = new Uint8Array([27])
  const answer = { list: [HOSTILE, { deep: HOSTILE }], count: 3n, bytes, none: null, is: true }
  expect(cleanAnswer(answer)).toEqual({
    list: [CLEAN, { deep: CLEAN }],
    count: 3n,
    bytes: new Uint8Array([27]),
    none: null,
    is: true,
  })
})

test('what pods say comes to a command without control characters, in answers and in errors', async () => {
  const transport = createRouterTransport(({ service }) => {
    service(AdminService, {
      listProxies: () => ({ proxies: [{ namespace: 'shop', instance: 'web', problems: [HOSTILE] }] }),
      getHealth: () => {
        throw new ConnectError(HOSTILE, Code.FailedPrecondition)
      },
    })
  })
  const admin = explainFailures(createClient(AdminService, transport), PLACE)
  const { proxies } = await admin.listProxies({})
  expect(JSON.stringify(proxies, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))).toContain(
    CLEAN,
  )
  await expect(admin.getHealth({})).rejects.toThrow(`answered: ${CLEAN}`)
})
