import { ResourceKind } from '@heddle/api/admin'
import { describe, expect, test } from 'vitest'
import { CliError } from '../cli-error.ts'
import { describeChoice, parseResource } from './resource-argument.ts'

describe('parseResource()', () => {
  test.each([
    { word: 'deploy', name: undefined, choice: { kind: ResourceKind.DEPLOYMENT, name: '' } },
    { word: 'deployments', name: 'web', choice: { kind: ResourceKind.DEPLOYMENT, name: 'web' } },
    { word: 'deploy/web', name: undefined, choice: { kind: ResourceKind.DEPLOYMENT, name: 'web' } },
    { word: 'Pod', name: undefined, choice: { kind: ResourceKind.POD, name: '' } },
    { word: 'workload', name: 'web-0', choice: { kind: ResourceKind.POD, name: 'web-0' } },
    { word: 'svc', name: undefined, choice: { kind: ResourceKind.SERVICE, name: '' } },
    { word: 'ns/emojivote', name: undefined, choice: { kind: ResourceKind.NAMESPACE, name: 'emojivote' } },
  ])('reads $word $name', ({ word, name, choice }) => {
    expect(parseResource(word, name)).toEqual(choice)
  })

  test.each([
    { word: 'gadget', name: undefined, says: 'gadget' },
    { word: '', name: undefined, says: `the mesh doesn't have a resource type ""` },
    { word: 'deploy/web', name: 'web', says: 'deploy/web web' },
    { word: 'deploy/', name: undefined, says: 'KIND/NAME' },
    { word: 'deploy/a/b', name: undefined, says: 'KIND/NAME' },
  ])('refuses $word $name', ({ word, name, says }) => {
    expect(() => parseResource(word, name)).toThrow(CliError)
    expect(() => parseResource(word, name)).toThrow(says)
  })

  test('says what was probably meant', () => {
    expect(() => parseResource('deplyo')).toThrow(
      expect.objectContaining({ hints: expect.arrayContaining(['did you mean deploy?']) }),
    )
  })
})

test('describeChoice() says what was looked for, and where', () => {
  expect(describeChoice({ kind: ResourceKind.DEPLOYMENT, name: '' }, 'shop')).toBe('deployments in namespace "shop"')
  expect(describeChoice({ kind: ResourceKind.POD, name: 'web-0' }, '')).toBe('pod "web-0"')
  expect(describeChoice({ kind: ResourceKind.NAMESPACE, name: '' }, 'shop')).toBe('namespaces')
})
