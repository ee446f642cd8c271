import { expect, test } from 'vitest'
import { listScenarios } from './scenarios.ts'

test('names are told apart, and the stable ones are there', () => {
  const names = listScenarios().map(({ name }) => name)
  expect(new Set(names).size).toBe(names.length)
  expect(names).toEqual(
    expect.arrayContaining([
      'http1-1hop-1k',
      'http1-1hop-routes-1k',
      'http1-1hop-policies-1k',
      'http1-2hop-mtls-1k',
      'http1-2hop-mtls-100k',
      'h2-1hop-1k',
      'h2-2hop-mtls-1k',
      'h2-2hop-mtls-1k-100streams',
      'h2-2hop-mtls-100k',
      'grpc-1hop',
      'grpc-2hop-mtls',
      'grpc-2hop-mtls-100streams',
      'grpc-stream-2hop-mtls',
    ]),
  )
})

test('only one hop balances over several endpoints, and only HTTP/2 has several streams', () => {
  const scenarios = listScenarios({ streams: [10], endpoints: [50] })
  expect(scenarios.filter(({ topology, endpoints }) => topology !== '1hop' && endpoints > 1)).toEqual([])
  expect(scenarios.filter(({ protocol, streams }) => protocol === 'http1' && streams > 1)).toEqual([])
  expect(scenarios.map(({ name }) => name)).toContain('h2-1hop-1k-10streams-50endpoints')
})

test('nginx is in nothing that needs a pool of HTTP/2 connections', () => {
  const scenarios = listScenarios().filter(({ topology, protocol }) => topology === '2hop-mtls' && protocol === 'h2')
  expect(scenarios.length).toBeGreaterThan(0)
  for (const { proxies } of scenarios) expect(proxies).not.toContain('nginx')
})
