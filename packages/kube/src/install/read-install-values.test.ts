import { ConfigError } from '@heddle/base/config-error'
import { describe, expect, test } from 'vitest'
import { DEFAULT_VALUES, mergeValues, overridesOf } from './override.ts'
import { readInstallValues, type ValuesInput } from './read-install-values.ts'

const set = (text: string): ValuesInput => ({ kind: 'set', text })
const file = (text: string): ValuesInput => ({ kind: 'file', path: 'values.yaml', text })

function problemsOf(...inputs: readonly ValuesInput[]): readonly string[] {
  try {
    readInstallValues(inputs)
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
  return []
}

test('readInstallValues() gives every default where nothing is said', () => {
  expect(readInstallValues([])).toEqual(DEFAULT_VALUES)
  expect(problemsOf(file('')), 'an empty file').toEqual([])
  expect(JSON.stringify(DEFAULT_VALUES)).not.toContain('null')
})

test('readInstallValues() lets the later input count, and lays maps on each other', () => {
  const values = readInstallValues([
    { kind: 'ha' },
    file('control: {replicas: 5, nodeSelector: {disk: ssd}}\nproxy: {logLevel: warn}'),
    set('control.replicas=4'),
    set('proxy.skipOutboundPorts=25,4000-4100'),
  ])
  expect(values.control).toMatchObject({
    replicas: 4,
    antiAffinity: 'Required',
    nodeSelector: { 'kubernetes.io/os': 'linux', disk: 'ssd' },
  })
  expect(values.proxy).toMatchObject({ logLevel: 'warn', skipOutboundPorts: '25,4000-4100', mode: 'native' })
  expect(values.webhooks.injector).toEqual({ failurePolicy: 'Fail', timeoutSeconds: 10 })
})

describe('--set', () => {
  test.each([
    { text: 'image.tag=1.0', at: (v: Values) => v.image.tag, is: '1.0' },
    { text: 'control.disruptionBudget=true', at: (v: Values) => v.control.disruptionBudget, is: true },
    { text: 'image.pullSecrets=a, b', at: (v: Values) => v.image.pullSecrets, is: ['a', 'b'] },
    { text: 'image.pullSecrets={a,b}', at: (v: Values) => v.image.pullSecrets, is: ['a', 'b'] },
    { text: 'image.pullSecrets=', at: (v: Values) => v.image.pullSecrets, is: [] },
    {
      text: 'control.nodeSelector.kubernetes\\.io/arch=arm64',
      at: (v: Values) => v.control.nodeSelector,
      is: { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'arm64' },
    },
    {
      text: 'control.tolerations=[{"key":"dedicated","tolerationSeconds":5}]',
      at: (v: Values) => v.control.tolerations,
      is: [{ key: 'dedicated', tolerationSeconds: 5 }],
    },
    {
      text: 'access.viewers=[{"kind":"Group","name":"team"}]',
      at: (v: Values) => v.access.viewers,
      is: [{ kind: 'Group', name: 'team' }],
    },
  ])('$text', ({ text, at, is }) => {
    expect(at(readInstallValues([set(text)]))).toEqual(is)
  })
})

type Values = ReturnType<typeof readInstallValues>

describe('what is wrong is said with its place and what was probably meant:', () => {
  test.each([
    {
      input: set('contrl.replicas=3'),
      says: '--set contrl.replicas=3: contrl: is not a known field (did you mean control?)',
    },
    {
      input: set('control.replcas=3'),
      says: '--set control.replcas=3: control.replcas: is not a known field (did you mean replicas?)',
    },
    {
      input: set('control.replicas=many'),
      says: '--set control.replicas=many: control.replicas: expected a whole number from 1 to 9, got "many"',
    },
    {
      input: set('image.pullPolicy=ifnotpresent'),
      says: '--set image.pullPolicy=ifnotpresent: image.pullPolicy: expected one of IfNotPresent, Always, Never, got "ifnotpresent" (did you mean IfNotPresent?)',
    },
    {
      input: set('proxy.skipInboundPorts=90000'),
      says: '--set proxy.skipInboundPorts=90000: proxy.skipInboundPorts: expected ports and ranges like 25,4000-4100, got "90000"',
    },
    { input: set('control.replicas'), says: '--set control.replicas: expected NAME=VALUE, such as control.replicas=3' },
    { input: set('control..replicas=3'), says: '--set control..replicas=3: a part of the name is empty' },
    {
      input: set('control.tolerations=[{key: a}]'),
      says: '--set control.tolerations=[{key: a}]: expected JSON, such as [{"key": "dedicated"}]',
    },
    {
      input: set('trustDomain.name=a'),
      says: '--set trustDomain.name=a: trustDomain: expected a trust domain such as heddle.local, got a map',
    },
    {
      input: set('control.leafLife=1s'),
      says: '--set control.leafLife=1s: control.leafLife: expected a duration from 1m to 720h, such as 24h, got "1s"',
    },
    {
      input: file('image:\n  tag: 1.5\n'),
      says: 'values.yaml:2:3: image.tag: expected a tag of letters, digits, "_", "-" and "."; "" for this version\'s own, got 1.5 (write it in quotes)',
    },
    { input: file('a: [b'), says: /^values\.yaml:\d+:\d+: / },
    { input: file('- a'), says: 'values.yaml:1:1: expected a map of values' },
    {
      input: file('---\ncontrol: {}\n---\nproxy:\n  loglevel: warn\n'),
      says: 'values.yaml:5:3: proxy.loglevel: is not a known field (did you mean logLevel?)',
    },
  ])('$input.text', ({ input, says }) => {
    const [problem] = problemsOf(input)
    if (typeof says === 'string') expect(problem).toBe(says)
    else expect(problem).toMatch(says)
  })

  test('all of it at once', () => {
    expect(problemsOf(set('a=1'), file('b: 2\nc: 3'), set('control.replicas=0'))).toHaveLength(4)
  })
})

test('overridesOf() is what was said, and nothing that is so anyway', () => {
  const said = { control: { replicas: 2, nodeSelector: { disk: 'ssd' } }, image: { pullSecrets: ['a'] } }
  const values = mergeValues(DEFAULT_VALUES, { ...said, trustDomain: 'heddle.local', proxy: { mode: 'native' } })
  expect(overridesOf(values)).toEqual(said)
  expect(mergeValues(DEFAULT_VALUES, overridesOf(values))).toEqual(values)
})
