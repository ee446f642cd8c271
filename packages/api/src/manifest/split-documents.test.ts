import { processorMsOf } from '@heddle/testkit/processor-time'
import { describe, expect, test } from 'vitest'
import { splitDocuments } from './split-documents.ts'

const namespace = (name: string) => `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}}\n`

function piecesOf(text: string): string[] {
  return splitDocuments(text).map(({ start, end }) => text.slice(start, end))
}

/** Each list has the one before ten times. */
function aliases(levels: number): string {
  const names = Array.from(
    { length: levels },
    (_, i) => `n${i}: &n${i} [${`*${i === 0 ? 'a' : `n${i - 1}`}, `.repeat(10)}]\n`,
  )
  return names.join('')
}

describe('splitDocuments()', () => {
  test.each([
    { name: 'a file without markers is one document', text: namespace('a'), names: [['a']] },
    { name: 'a marker in front begins the first one', text: `---\n${namespace('a')}`, names: [['a']] },
    {
      name: 'what stands before the first marker is one of its own',
      text: `# of all\n---\n${namespace('a')}---\n${namespace('b')}`,
      names: [[], ['a'], ['b']],
    },
    {
      name: 'a document may begin in the line of its marker',
      text: '--- {apiVersion: v1, kind: Service, metadata: {name: a}}\n--- # of b\nkind: Service\nmetadata: {name: b}\n',
      names: [['a'], ['b']],
    },
    {
      name: 'dashes within a line or a text that is indented are no marker',
      text: 'kind: Service\nmetadata:\n  name: a\n  annotations:\n    text: |\n      ---\n      more --- text\n',
      names: [['a']],
    },
    {
      name: 'a List is one document with many objects',
      text: JSON.stringify({
        apiVersion: 'v1',
        kind: 'List',
        items: [
          { kind: 'Service', metadata: { name: 'a' } },
          { kind: 'Service', metadata: { name: 'b' } },
        ],
      }),
      names: [['a', 'b']],
    },
    { name: 'what cannot be read has no names', text: '{\n---\nkind: [\n', names: [[], []] },
    { name: 'an empty file has one empty document', text: '', names: [[]] },
  ])('$name', ({ text, names }) => {
    expect(splitDocuments(text).map(({ refs }) => refs.map((ref) => ref.name))).toEqual(names)
  })

  test('the pieces with their markers are the whole text', () => {
    const text = `# first\n---\n${namespace('a')}# between\n--- # b\n${namespace('b')}...\n---\n`
    const pieces = splitDocuments(text).map(({ markerStart, end }) => text.slice(markerStart, end))
    expect(pieces.join('')).toBe(text)
    expect(piecesOf(text)[2]).toBe(` # b\n${namespace('b')}...\n`)
  })

  test.each([
    { name: 'names that are many', text: `a:\n${'? '.repeat(100_000)}` },
    { name: 'brackets', text: '['.repeat(200_000) },
    { name: 'aliases of aliases', text: `a: &a [x]\n${aliases(60)}` },
    { name: 'many documents', text: '---\n'.repeat(60_000) },
    { name: 'a long file', text: 'x: 1\n'.repeat(500_000) },
  ])('hostile text of $name is taken apart in less than two seconds, and names nothing', ({ text }) => {
    const tookMs = processorMsOf(() => expect(splitDocuments(text).flatMap(({ refs }) => refs)).toEqual([]))
    expect(tookMs).toBeLessThan(2_000)
  })

  test('anchors are followed', () => {
    const text = 'kind: Service\nmetadata: &m {name: a, namespace: shop}\nspec: {other: *m}\n'
    expect(splitDocuments(text)[0]?.refs).toEqual([{ kind: 'Service', namespace: 'shop', name: 'a' }])
  })

  test('names are as the reader of manifests has them', () => {
    const [first] = splitDocuments('kind: Service\nmetadata: {name: a}\n')
    expect(first?.refs).toEqual([{ kind: 'Service', namespace: 'default', name: 'a' }])
    expect(splitDocuments(namespace('one'))[0]?.refs[0]?.namespace).toBe('')
  })
})
