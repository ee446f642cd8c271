import { expect, test } from 'vitest'
import { CliError } from '../cli-error.ts'
import { parseStaticFile } from './static-file.ts'

const GOOD = `
listeners:
  - { kind: outbound, address: 127.0.0.1:7001, destination: next }
destinations:
  - name: next
    endpoints:
      - { address: 127.0.0.1:7002, identity: spiffe://heddle.local/ns/test/sa/server }
identity:
  id: spiffe://heddle.local/ns/test/sa/client
  certificateFile: client.pem
  keyFile: /keys/client.key
  trustBundleFile: ../bundle.pem
`

test('parseStaticFile() reads YAML and takes paths from where the file is', () => {
  const config = parseStaticFile(GOOD, '/etc/heddle/proxy.yaml')
  expect(config.listeners).toEqual([{ kind: 'outbound', address: '127.0.0.1:7001', destination: 'next' }])
  expect(config.identity).toMatchObject({
    certificateFile: '/etc/heddle/client.pem',
    keyFile: '/keys/client.key',
    trustBundleFile: '/etc/bundle.pem',
  })
})

test.each([
  { name: 'broken YAML with its place', text: 'listeners: [', hint: /^\/f\.yaml:1:\d+: / },
  { name: 'an unknown field', text: `${GOOD}colour: red\n`, hint: /colour/ },
  { name: 'an empty file', text: '', hint: /./ },
])('parseStaticFile() refuses $name', ({ text, hint }) => {
  let refused: unknown
  try {
    parseStaticFile(text, '/f.yaml')
  } catch (error) {
    refused = error
  }
  expect(refused).toBeInstanceOf(CliError)
  expect((refused as CliError).hints[0]).toMatch(hint)
})
