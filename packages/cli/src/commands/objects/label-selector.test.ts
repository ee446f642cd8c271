import { expect, test } from 'vitest'
import { parseLabelSelector } from './label-selector.ts'

const LABELS = { app: 'web', 'app.kubernetes.io/part-of': 'shop', empty: '' }

test.each([
  { selector: 'app=web', holds: true },
  { selector: 'app==web', holds: true },
  { selector: 'app = other', holds: false },
  { selector: 'app!=other', holds: true },
  { selector: 'tier!=db', holds: true },
  { selector: 'app!=web', holds: false },
  { selector: 'app', holds: true },
  { selector: '!app', holds: false },
  { selector: '!tier', holds: true },
  { selector: 'tier', holds: false },
  { selector: 'empty=', holds: true },
  { selector: 'tier=', holds: false },
  { selector: 'app in (web, api)', holds: true },
  { selector: 'app in (api)', holds: false },
  { selector: 'app notin (api)', holds: true },
  { selector: 'tier notin (db)', holds: true },
  { selector: 'tier in ()', holds: false },
  { selector: 'app=web,app.kubernetes.io/part-of in (a,shop),!tier', holds: true },
  { selector: 'app=web,tier', holds: false },
  { selector: 'constructor', holds: false },
])('parseLabelSelector() reads $selector as kubectl does', ({ selector, holds }) => {
  expect(parseLabelSelector(selector)(LABELS)).toBe(holds)
})

test.each(['', ',', 'app=web,', 'app=(x)', 'app in web', 'a b', '=x', 'app>1'])(
  'parseLabelSelector() refuses "%s"',
  (text) => {
    expect(() => parseLabelSelector(text)).toThrow('Expected labels like')
  },
)
