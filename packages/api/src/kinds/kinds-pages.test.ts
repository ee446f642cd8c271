import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { parseManifests } from '../manifest/parse-manifests.ts'
import { formatProblem } from '../manifest/problem.ts'
import { KINDS } from './kind.ts'
import { renderKubernetesKindsPage, renderWorkloadPage } from './kinds-pages.ts'
import { renderBackendPolicyPage, renderFaultPolicyPage, renderTrafficPolicyPage } from './policy-pages.ts'
import {
  renderGatewayApiPage,
  renderGrpcRoutePage,
  renderHttpRoutePage,
  renderStreamRoutesPage,
} from './route-pages.ts'
import type { Schema } from './schema.ts'

test.each([
  { page: 'workload.md', rendered: renderWorkloadPage() },
  { page: 'kubernetes-kinds.md', rendered: renderKubernetesKindsPage() },
  { page: 'gateway-api.md', rendered: renderGatewayApiPage() },
  { page: 'http-route.md', rendered: renderHttpRoutePage() },
  { page: 'grpc-route.md', rendered: renderGrpcRoutePage() },
  { page: 'tls-tcp-route.md', rendered: renderStreamRoutesPage() },
  { page: 'backend-policy.md', rendered: renderBackendPolicyPage() },
  { page: 'traffic-policy.md', rendered: renderTrafficPolicyPage() },
  { page: 'fault-policy.md', rendered: renderFaultPolicyPage() },
])('docs/reference/$page is what `npm run gen` makes of the schemas', ({ page, rendered }) => {
  const written = readFileSync(new URL(`../../../../docs/reference/${page}`, import.meta.url), 'utf8')
  expect(written).toBe(rendered)
})

/** Every schema within a schema, with its path. */
function* fieldsOf(schema: Schema, path: string): Iterable<readonly [string, Schema]> {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    yield [`${path}.${name}`, field]
    yield* fieldsOf(field, `${path}.${name}`)
  }
  if (schema.items !== undefined) yield* fieldsOf(schema.items, `${path}[]`)
}

test('every field of a route says what it is for, and how far the Gateway API binds to it', () => {
  const routes = KINDS.filter(({ apiVersion }) => apiVersion.startsWith('gateway.'))
  const fields = routes.flatMap(({ kind, schema }) => [...fieldsOf(schema.properties!.spec!, kind)])
  expect(fields.length).toBeGreaterThan(200)
  const bare = fields.filter(([path, field]) => {
    const isRefused = path.includes('.extensionRef.')
    const isSaid = field.description !== '' || field['x-heddle-no-effect'] !== undefined
    return !isRefused && (!isSaid || field.description === undefined || field['x-heddle-level'] === undefined)
  })
  expect(bare.map(([path]) => path)).toEqual([])
})

test.each([
  renderGatewayApiPage(),
  renderHttpRoutePage(),
  renderGrpcRoutePage(),
  renderStreamRoutesPage(),
  renderBackendPolicyPage(),
  renderTrafficPolicyPage(),
  renderFaultPolicyPage(),
])('examples of pages are right, but for what they refer to', (page) => {
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml = '']) => yaml)
  expect(examples.length).toBeGreaterThan(0)
  for (const text of examples) {
    const { problems } = parseManifests([{ path: 'f', text }])
    const others = problems.filter(({ reason }) => !/^(there is no|no ReferenceGrant)/.test(reason))
    expect(others.map(formatProblem)).toEqual([])
  }
})
