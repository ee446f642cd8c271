import { processorMsOf } from '@heddle/testkit/processor-time'
import { expect, test } from 'vitest'
import { cut, HIDDEN, isSecretName, showPath, showText, showValue } from './hide-secrets.ts'

const JWT = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'

test.each([
  'authorization',
  'Authorization',
  'cookie',
  'set-cookie',
  'proxy-authorization',
  'x-api-key',
  'access_token',
  'client-secret',
  'password',
  'db_passwd',
  'x-auth',
  'auth-user',
  'x-session-id',
  'x-goog-signature',
  'x-forwarded-client-cert',
  'sig',
  'code',
  'PHPSESSID',
  'x-csrf',
  'SAMLResponse',
  'otp',
  'ticket',
])('what is named %s may be secret', (name) => {
  expect(isSecretName(name)).toBe(true)
})

test.each(['accept', 'user-agent', 'x-author', 'x-request-id', 'encoding', 'content-type', 'design', 'traceparent'])(
  'what is named %s is shown',
  (name) => {
    expect(isSecretName(name)).toBe(false)
  },
)

test.each([
  { path: '/a', shown: '/a' },
  { path: '/a?b=c', shown: '/a?b=c' },
  { path: '/a?token=s3cret&b=c', shown: `/a?token=${HIDDEN}&b=c` },
  { path: '/a?b=c;password=s3cret', shown: `/a?b=c;password=${HIDDEN}` },
  { path: '/a?%74oken=s3cret', shown: `/a?%74oken=${HIDDEN}` },
  { path: '/a?api%5Fkey=s3cret=more', shown: `/a?api%5Fkey=${HIDDEN}` },
  { path: '/a?%zz=1', shown: '/a?%zz=1' },
  { path: `/a?b=${JWT}`, shown: `/a?b=${HIDDEN}` },
  { path: `/reset/${JWT}/now`, shown: `/reset/${HIDDEN}/now` },
  { path: `/a?${JWT}`, shown: `/a?${HIDDEN}` },
  { path: `/v1-eyJ_${JWT}/${JWT}`, shown: `/v1-${HIDDEN}/${HIDDEN}` },
  { path: `/eyJ.${JWT}.`, shown: `/eyJ.${HIDDEN}` },
  { path: '/a?next=/b?token=s3cret&c=d', shown: `/a?next=${HIDDEN}&c=d` },
  { path: '/a?next=%2Fb%3Ftoken%3Ds3cret', shown: `/a?next=${HIDDEN}` },
  { path: '/a?next=%2Fb%3Fd%3De', shown: '/a?next=%2Fb%3Fd%3De' },
  { path: '*', shown: '*' },
  { path: '/a;jsessionid=s3cret/b?c=d', shown: `/a;jsessionid=${HIDDEN}/b?c=d` },
  { path: '/a;v=1;%74oken=s3cret', shown: `/a;v=1;%74oken=${HIDDEN}` },
  { path: '/a#access_token=s3cret&b=c', shown: `/a#access_token=${HIDDEN}&b=c` },
  { path: '/a?next=http://ann:s3cret@shop/', shown: `/a?next=${HIDDEN}` },
  { path: '/fetch/http://ann:s3c@ret@shop/a', shown: `/fetch/http://${HIDDEN}@shop/a` },
])('$path is shown as $shown', ({ path, shown }) => {
  expect(showPath(path)).toBe(shown)
})

test.each([
  { name: 'x-user', value: 'ann', shown: 'ann' },
  { name: 'x-user', value: 'Bearer abc', shown: HIDDEN },
  { name: 'x-user', value: `v=${JWT}`, shown: HIDDEN },
  {
    name: 'referer',
    value: 'http://shop/a?access_token=s3cret&b=1',
    shown: `http://shop/a?access_token=${HIDDEN}&b=1`,
  },
  { name: 'referer', value: 'https://ann:s3cret@shop/a', shown: `https://${HIDDEN}@shop/a` },
  { name: 'referer', value: 'https://shop/a#id_token=s3cret', shown: `https://shop/a#id_token=${HIDDEN}` },
  { name: 'x-copy', value: 'theme=dark; session=s3cret', shown: `theme=dark; session=${HIDDEN}` },
  { name: 'accept', value: 'text/html;q=0.9', shown: 'text/html;q=0.9' },
  { name: 'x-user', value: 'a\u009b31mred\t!', shown: 'a\ufffd31mred\ufffd!' },
])('$name: $value is shown as $shown', ({ name, value, shown }) => {
  expect(showValue(name, value)).toBe(shown)
})

test.each(['eyJ', 'eyJhbGciOiJIUzI1NiJ9', 'eyJ.', ';', '//', '@', 'a=', '%3D'])(
  'many times %s is looked through at once, also where it is all of a head',
  (part) => {
    const text = part.repeat(300_000 / part.length)
    const tookMs = processorMsOf(() => {
      showPath(`/${text}?${text}`)
      showValue('x-user', text)
    })
    // Where the time grows with the square it is half a minute and more.
    expect(tookMs).toBeLessThan(3_000)
  },
)

test('what is long is cut, and says how long it was', () => {
  expect(cut('abc', 3)).toBe('abc')
  expect(cut('abcd', 3)).toBe('abc... (4 in all)')
  expect(showText('plain')).toBe('plain')
})
