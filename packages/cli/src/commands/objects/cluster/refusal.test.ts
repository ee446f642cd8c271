import { expect, test } from 'vitest'
import { parseField } from './refusal.ts'

test.each([
  { field: '', path: [] },
  { field: 'spec.rules[0].name', path: ['spec', 'rules', 0, 'name'] },
  { field: 'metadata.labels[app.kubernetes.io/name]', path: ['metadata', 'labels', 'app.kubernetes.io/name'] },
  { field: 'metadata.labels["a.b"]', path: ['metadata', 'labels', 'a.b'] },
  { field: '<nil>', path: ['<nil>'] },
])('parseField() reads $field', ({ field, path }) => {
  expect(parseField(field)).toEqual(path)
})
