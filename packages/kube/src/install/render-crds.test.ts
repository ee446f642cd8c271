import type { Schema } from '@heddle/api/kinds/schema'
import { KINDS } from '@heddle/api/kinds/table'
import { expect, test } from 'vitest'
import { CRD_PLURALS } from './install-pages.ts'
import { toOpenApi } from './openapi-schema.ts'
import { renderCrds } from './render-crds.ts'

test('renderCrds() has each kind of our own', () => {
  const own = KINDS.filter(({ apiVersion }) => apiVersion.startsWith('heddle.dev/')).map(({ kind }) => kind)
  const spec = renderCrds().map(
    (crd) => crd.spec as { readonly names: { readonly kind: string; readonly plural: string } },
  )
  expect(spec.map(({ names }) => names.kind).toSorted()).toEqual(own.toSorted())
  expect(spec.map(({ names }) => names.plural).toSorted()).toEqual([...CRD_PLURALS])
})

test('toOpenApi() leaves out what only we read, and keeps rules as CEL with their place', () => {
  const schema: Schema = {
    type: 'object',
    description: 'A thing.',
    properties: {
      names: { type: 'array', items: { type: 'string', 'x-heddle-expected': 'a name' }, 'x-heddle-unique': [[]] },
      parts: {
        type: 'array',
        'x-heddle-unique': [['name'], ['port']],
        items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      },
    },
    'x-kubernetes-validations': [
      { rule: 'has(self.names)', fieldPath: '.names', message: 'has no name', holds: () => true },
    ],
  }
  expect(toOpenApi(schema)).toEqual({
    type: 'object',
    description: 'A thing.',
    properties: {
      names: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      parts: {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['name'],
        items: { type: 'object', required: ['name'], properties: { name: { type: 'string' } } },
      },
    },
    'x-kubernetes-validations': [{ rule: 'has(self.names)', fieldPath: '.names', message: 'has no name' }],
  })
})

test('toOpenApi() refuses a rule that an API server could not enforce', () => {
  const schema: Schema = { type: 'string', 'x-kubernetes-validations': [{ message: 'is odd', holds: () => true }] }
  expect(() => toOpenApi(schema)).toThrow('the rule "is odd" has no CEL')
})
