import { expect, test } from 'vitest'
import { findVersion } from './read-version.ts'

test.each([
  { text: 'nginx version: nginx/1.22.1\n', version: '1.22.1' },
  { text: 'HAProxy version 2.6.12-1+deb12u4 2026/10/17 - https://haproxy.org/', version: '2.6.12' },
  {
    text: 'envoy  version: 9e5580933739775e8bce696a57a2e1bc99368f23/1.40.0/Clean/RELEASE/BoringSSL',
    version: '1.40.0',
  },
  { text: '', version: 'unknown' },
])('findVersion() finds $version', ({ text, version }) => {
  expect(findVersion(text)).toBe(version)
})
