import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { documents, problemsOf, service, workload } from './manifest-fixture.ts'
import { MAX_FILE_CHARACTERS, MAX_OBJECTS, MAX_PROBLEMS, parseManifests } from './parse-manifests.ts'
import { formatProblem } from './problem.ts'

const WEB = workload('command: [node, web.js]\nports: [{name: http, port: 8080}]')
const WEB_SERVICE = service('selector: {app: web}\nports: [{port: 80, targetPort: http}]')

describe('parseManifests() reads', () => {
  test('documents of several files, with defaults filled in', () => {
    const { objects, problems, fileOf } = parseManifests([
      { path: 'a.yaml', text: WEB },
      { path: 'b.yaml', text: WEB_SERVICE },
    ])
    expect(problems).toEqual([])
    expect([...fileOf]).toEqual([
      ['Workload/shop/web', 'a.yaml'],
      ['Service/shop/web-svc', 'b.yaml'],
    ])
    expect(objects).toEqual([
      {
        apiVersion: 'heddle.dev/v1alpha1',
        kind: 'Workload',
        metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' }, annotations: {} },
        spec: {
          serviceAccount: 'default',
          command: ['node', 'web.js'],
          args: [],
          ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
          replicas: 1,
          env: [],
          terminationGracePeriodSeconds: 30,
          restartPolicy: 'Always',
        },
      },
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web-svc', namespace: 'shop', labels: {}, annotations: {} },
        spec: {
          type: 'ClusterIP',
          selector: { app: 'web' },
          ports: [{ name: '', port: 80, protocol: 'TCP', targetPort: 'http' }],
          clusterIPs: [],
          publishNotReadyAddresses: false,
        },
      },
    ])
  })

  test('JSON, indented with tabs as well', () => {
    const json = JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } }, undefined, '\t')
    const { objects, problems } = parseManifests([{ path: 'a.json', text: json }])
    expect(problems).toEqual([])
    expect(objects).toMatchObject([{ kind: 'Namespace', metadata: { name: 'shop', namespace: '' } }])
  })

  test('the items of a List, with their own lines', () => {
    const text = `apiVersion: v1
kind: List
items:
- {apiVersion: v1, kind: Namespace, metadata: {name: shop}}
- {apiVersion: v1, kind: Namespace, metadata: {name: Shop}}`
    expect(parseManifests([{ path: 'f', text }]).objects).toHaveLength(1)
    expect(problemsOf(text)).toEqual([expect.stringMatching(/^f:5:\d+: items\[1\].metadata.name: expected a name of/)])
  })

  test.each([
    { name: 'an empty file', text: '' },
    { name: 'comments and empty documents', text: '# nothing\n---\n---\n# more\n' },
    { name: 'a byte order mark and CRLF', text: `\uFEFF${WEB.replaceAll('\n', '\r\n')}` },
    {
      name: 'anchors and aliases',
      text: WEB.replace('{app: web}', '&a {app: web}')
        .replace('namespace: shop', 'namespace: shop, annotations: *a')
        .replace('labels: &a {app: web}', 'labels: {}')
        .replace('annotations: *a', 'annotations: &a {app: web}'),
    },
  ])('$name', ({ text }) => {
    expect(problemsOf(text)).toEqual([])
  })

  test('what defaults do not reach: an env variable without value is empty, a serviceRef is of the same namespace', () => {
    const text = documents(
      WEB_SERVICE,
      WEB,
      workload('command: [x]\nenv: [{name: A}, {name: B, valueFrom: {serviceRef: {name: web-svc, port: 80}}}]', 'bot'),
    )
    const { objects, problems } = parseManifests([{ path: 'f', text }])
    expect(problems).toEqual([])
    expect(objects[2]).toMatchObject({
      spec: {
        env: [
          { name: 'A', value: '' },
          { name: 'B', valueFrom: { serviceRef: { name: 'web-svc', namespace: 'shop', port: 80 } } },
        ],
      },
    })
  })
})

describe('parseManifests() says where and what:', () => {
  test.each([
    {
      text: 'a: [1',
      problem: 'f:1:6: flow sequence in block collection must be sufficiently indented and end with a ]',
    },
    { text: 'a: 1\nb: 2\na: 3', problem: 'f:3:1: a: is given twice' },
    { text: 'a: *nowhere', problem: 'f:1:1: a: there is no anchor &nowhere before this' },
    { text: 'a: !!binary aGk=', problem: /f:1:4: unresolved tag/ },
    { text: '[]', problem: 'f:1:1: expected an object with apiVersion and kind, got a list' },
    { text: 'just words', problem: 'f:1:1: expected an object with apiVersion and kind, got "just words"' },
    { text: 'kind: Service', problem: /^f:1:1: apiVersion: is missing \(known are Namespace \(v1\), / },
    {
      text: 'apiVersion: v1\nkind: Servise',
      problem: 'f:2:1: kind: Servise in "v1" is not a known kind (did you mean Service?)',
    },
    { text: 'apiVersion: v2\nkind: Service', problem: 'f:1:1: apiVersion: there is no Service in "v2" (use v1)' },
    { text: 'apiVersion: 1\nkind: Service', problem: 'f:1:1: apiVersion: expected text, got 1' },
    {
      text: 'apiVersion: apps/v1\nkind: Deployment',
      problem: 'f:2:1: warning: kind: Deployment (apps/v1) has no effect outside a cluster',
    },
  ])('$text', ({ text, problem }) => {
    expect(problemsOf(text)).toEqual([problem instanceof RegExp ? expect.stringMatching(problem) : problem])
  })

  test('all problems of all files, sorted by file and line, none hidden by another', () => {
    const { problems } = parseManifests([
      { path: 'b.yaml', text: workload('command: [x]\nreplicas: two\nport: []') },
      { path: 'a.yaml', text: 'kind: [' },
      { path: 'c.yaml', text: service('selector: {app: web}\nports: [{port: 0}]') },
    ])
    expect(problems.map(({ file, line, field }) => `${file}:${line} ${field}`)).toEqual([
      'a.yaml:1 ',
      'b.yaml:6 spec.replicas',
      'b.yaml:7 spec.port',
      'c.yaml:6 spec.ports[0].port',
    ])
  })

  test('an empty field, which counts as not given', () => {
    expect(problemsOf(workload('command: [x]\nports:'))).toEqual([
      'f:6:3: warning: spec.ports: has no value and counts as not given (remove it)',
    ])
  })
})

describe('parseManifests() is bounded:', () => {
  test('a file that is too large is not read', () => {
    expect(problemsOf(' '.repeat(MAX_FILE_CHARACTERS + 1))).toEqual([
      `f: has more than ${MAX_FILE_CHARACTERS} characters`,
    ])
  })

  test('aliases that would grow without end', () => {
    const levels = Array.from(
      { length: 20 },
      (_, i) => `l${i}: &l${i} [${i === 0 ? 'x' : Array(9).fill(`*l${i - 1}`)}]`,
    )
    expect(problemsOf(levels.join('\n'))).toContain('f:1:1: more than 100000 values in one document')
  })

  test('an anchor that holds itself', () => {
    expect(problemsOf('a: &a [*a]')).toEqual([expect.stringContaining('more than 64 levels deep')])
  })

  test.each([
    { name: 'brackets without end', text: '['.repeat(20_000), reason: 'f:1:65: more than 64 levels deep' },
    { name: 'closing brackets without end', text: ']'.repeat(200_000), reason: 'unexpected flow-seq-end' },
    { name: 'brackets in a row', text: '[]'.repeat(100_000), reason: 'unexpected flow-seq-start' },
    {
      name: 'a list of too much',
      text: `[${'1,'.repeat(60_000)}]`,
      reason: 'f:1:100000: more than 50000 values in one file',
    },
    { name: 'list entries of nothing', text: '-\n'.repeat(60_000), reason: 'f: more than 50000 lines' },
    { name: 'names of nothing', text: `{${': ,'.repeat(60_000)}}`, reason: 'more than 50000 values in one file' },
    {
      name: 'a text of many lines',
      text: `a: |\n${' x\n'.repeat(60_000)}`,
      reason: 'f: more than 50000 lines',
    },
    { name: 'ends of documents', text: '...\n'.repeat(20_000), reason: 'more than 10000 documents in one file' },
    {
      name: 'aliases for aliases',
      text: Array.from({ length: 10_000 }, (_, i) => `- &a${i} [*a${Math.max(0, i - 1)}]\n`).join(''),
      reason: 'more than 64 levels deep',
    },
    {
      name: 'one name again and again',
      text: 'a: 1\n'.repeat(20_000),
      reason: 'the rest of this document was not read',
    },
    {
      name: 'names without values',
      text: Array.from({ length: 20_000 }, (_, i) => `a${i}:\n`).join(''),
      reason: 'the rest of this document was not read',
    },
    { name: 'documents without end', text: '--- x\n'.repeat(9_000), reason: 'more problems' },
    { name: 'quotes without end', text: '"'.repeat(20_000), reason: 'unexpected double-quoted-scalar at node end' },
  ])('$name', ({ text, reason }) => {
    const problems = problemsOf(text)
    expect(problems.length).toBeLessThanOrEqual(MAX_PROBLEMS)
    expect(problems.join('\n')).toContain(reason)
  })

  test('many names in one map take no quadratic time', () => {
    const text = Array.from({ length: 25_000 }, (_, i) => `k${i}: 1`).join('\n')
    expect(problemsOf(text)).toEqual([
      expect.stringContaining('apiVersion: is missing'),
      expect.stringContaining('kind: is missing'),
    ])
  })

  test('more problems than anybody reads are counted instead', () => {
    const ports = Array.from({ length: 64 }, (_, i) => `{name: p${i}, port: ${i + 1}, w: 0, x: 1, y: 2, z: 3}`)
    const text = documents(...['a', 'b', 'c'].map((name) => workload(`command: [x]\nports: [${ports}]`, name)))
    const problems = problemsOf(text)
    expect(problems).toHaveLength(MAX_PROBLEMS)
    expect(problems.at(-1)).toBe(`f: and ${64 * 4 * 3 - MAX_PROBLEMS + 1} more problems`)
  })

  test('more objects than the mesh takes', () => {
    const item = (i: number) => JSON.stringify({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: `n${i}` } })
    const files = Array.from({ length: MAX_OBJECTS / 1_000 + 1 }, (_, file) => ({
      path: `f${file}`,
      text: Array.from({ length: 1_000 }, (_, i) => item(1_000 * file + i)).join('\n---\n'),
    }))
    expect(parseManifests(files).problems.map(formatProblem)).toEqual([
      `f0: more than ${MAX_OBJECTS} objects in one set of files`,
    ])
  })
})

describe('parseManifests() never throws', () => {
  test('for any text', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseManifests([{ path: 'f', text }])))
  })

  test('for text made of what YAML is made of', () => {
    const pieces = fc.constantFrom(
      ...': - # & * ! | > \' " % @ ` { } [ ] , ? --- ... << a b 1 ~ null __proto__ \n \t \r\n'.split(' '),
      '\n',
      '\n  ',
    )
    fc.assert(
      fc.property(
        fc.array(pieces, { maxLength: 60 }),
        (parts) => void parseManifests([{ path: 'f', text: parts.join('') }]),
      ),
      { numRuns: 500 },
    )
  })

  test('for any value in place of a part of a good file', () => {
    const good = [WEB, WEB_SERVICE].flatMap((text) => text.split(/(?<=[\s:{}[\],])/))
    fc.assert(
      fc.property(fc.nat(good.length - 1), fc.jsonValue(), (at, value) => {
        const text = documents(good.with(at, JSON.stringify(value)).join(''))
        const { problems } = parseManifests([{ path: 'f', text }])
        for (const { line, reason } of problems) {
          expect(line).toBeGreaterThanOrEqual(0)
          expect(reason).not.toMatch(/undefined|\[object|NaN/)
        }
      }),
      { numRuns: 500 },
    )
  })

  test('names of fields of every object are as unknown as others', () => {
    for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty']) {
      expect(problemsOf(workload(`command: [x]\n${name}: {a: 1}`))).toEqual([
        expect.stringContaining(`spec.${name}: is not a known field`),
      ])
    }
  })
})

test('a file full of mistakes is refused with the first of them, and leaves stack traces as they were', () => {
  const before = Error.stackTraceLimit
  expect(problemsOf(']'.repeat(50_000))).toHaveLength(5)
  expect(Error.stackTraceLimit).toBe(before)
})

describe('parseManifests() refuses a plain value that Kubernetes would read as another one', () => {
  test.each([
    { value: 'y', other: 'true' },
    { value: 'Off', other: 'false' },
    { value: '0777', other: '511' },
    { value: '1_000', other: '1000' },
  ])('$value', ({ value, other }) => {
    const problem = `spec.args[0]: ${value} is ${other} to Kubernetes, which reads YAML 1.1: write it in quotes`
    expect(problemsOf(workload(`command: [x]\nargs: [${value}]`)).join()).toContain(problem)
    expect(problemsOf(workload(`command: [x]\nargs: ["${value}"]`))).toEqual([])
  })

  test.each(['0', '00', '08', 'yep', 'nO', '10'])('and not %s', (value) => {
    expect(problemsOf(workload(`command: [x]\nargs: [${value}]`)).join()).not.toContain('to Kubernetes')
  })
})
