import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { create, type JsonObject, toJson } from '@bufbuild/protobuf'
import { DestinationSchema, InboundSchema, NodeSchema } from '@heddle/api/discovery'
import { formatRef, isPolicy, type MeshObject, refOf } from '@heddle/api/kinds'
import { isRoute } from '@heddle/api/kinds/route'
import { parseManifests } from '@heddle/api/manifest'
import { formatProblem } from '@heddle/api/manifest/problem'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { parseClient } from '../model/client.ts'
import type { InstanceState } from '../model/instance.ts'
import { createModel, type Model } from '../model/model.ts'
import { objectConditions } from '../status/object-conditions.ts'
import { translateDestination } from './destination.ts'
import { translateInbound } from './inbound.ts'

/** The last document of an `in.yaml`; those before it are configuration. */
interface Question {
  readonly instances?: readonly GivenInstance[]
  readonly keys?: readonly string[]
  /** Keys as clients of a `NAMESPACE`, or of a host, `NAMESPACE/HOST`, see them. */
  readonly clients?: Readonly<Record<string, readonly string[]>>
  /** Whether to tell the statuses of routes and policies. */
  readonly status?: true
  /** `NAMESPACE/INSTANCE` */
  readonly inbound?: readonly string[]
}

interface GivenInstance {
  /** `NAMESPACE/WORKLOAD/INSTANCE` */
  readonly name: string
  readonly serviceAccount?: string
  readonly labels?: Record<string, string>
  /** Port of the Workload and where others connect: `8080: 10.1.0.2:8080`. */
  readonly ports?: Readonly<Record<string, string>>
  readonly locality?: { readonly region?: string; readonly zone?: string }
  readonly host?: string
  readonly state?: InstanceState
}

const TESTDATA = join(import.meta.dirname, 'testdata')
const names = readdirSync(TESTDATA).sort()

test.each(names.map((name) => ({ name })))('translates $name', ({ name }) => {
  const answer = stringify(translate(readFileSync(join(TESTDATA, name, 'in.yaml'), 'utf8')), { lineWidth: 0 })
  const outFile = join(TESTDATA, name, 'out.yaml')
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(outFile, answer)
  expect(existsSync(outFile), 'UPDATE_GOLDEN=1 writes the file').toBe(true)
  expect(answer).toBe(readFileSync(outFile, 'utf8'))
})

function translate(text: string): JsonObject {
  const at = text.lastIndexOf('\n---\n')
  const question = parse(text.slice(at + 5)) as Question
  const { objects, problems } = parseManifests([{ path: 'in.yaml', text: text.slice(0, at + 1) }])
  expect(problems.filter(({ severity }) => severity === 'error').map(formatProblem)).toEqual([])
  const model = createModel({ clock: new ManualClock() })
  model.applyObjects({ upserted: objects, removed: [] })
  const refused = (question.instances ?? []).flatMap((given) => register(model, given))
  return {
    ...(problems.length > 0 && question.status !== true && { warnings: problems.map(formatProblem) }),
    ...(refused.length > 0 && { refused }),
    ...(question.keys && {
      destinations: Object.fromEntries(question.keys.map((key) => [key, destinationOf(model, key)])),
    }),
    ...(question.clients && {
      clients: Object.fromEntries(
        Object.entries(question.clients).map(([client, keys]) => {
          return [client, Object.fromEntries(keys.map((key) => [key, destinationOf(model, key, client)]))]
        }),
      ),
    }),
    ...(question.status && { status: statusesOf(model) }),
    ...(question.inbound && {
      inbound: Object.fromEntries(question.inbound.map((name) => [name, inboundOf(model, name)])),
    }),
  }
}

function register(model: Model, given: GivenInstance): string[] {
  const [namespace = '', workload = '', instance = ''] = given.name.split('/')
  const ports = Object.entries(given.ports ?? {}).map(([port, place]) => {
    const colon = place.lastIndexOf(':')
    const address = place.slice(0, colon).replace(/^\[|\]$/g, '')
    return { name: '', port: Number(port), address, addressPort: Number(place.slice(colon + 1)) }
  })
  const { serviceAccount = 'default', labels = {}, locality, host = '', state = 'ready' } = given
  const node = create(NodeSchema, {
    namespace,
    workload,
    instance,
    serviceAccount,
    labels,
    ports,
    host,
    ...(locality && { locality }),
  })
  const result = model.applyRegistration({ node, owner: 'stream', state })
  return result.kind === 'refused' ? [`${given.name}: ${result.reason}`] : []
}

function destinationOf(model: Model, key: string, client = '') {
  return toJson(
    DestinationSchema,
    translateDestination(model.resolve(key, parseClient(client)), { trustDomain: 'heddle.local' }),
  )
}

/** `TYPE=STATUS REASON: MESSAGE` of each parent or target of each route and policy. */
function statusesOf(model: Model): JsonObject {
  const objects = model.objects().filter((object) => isRoute(object) || isPolicy(object))
  return Object.fromEntries(objects.map((object) => [formatRef(refOf(object)), statusOf(model, object)]))
}

function statusOf(model: Model, object: MeshObject) {
  return objectConditions(object, { lookup: model.lookup, nowMs: 0 }).map(
    ({ about, type, status, reason, message }) => {
      return `${about}: ${type}=${status} ${reason}: ${message}`
    },
  )
}

function inboundOf(model: Model, name: string) {
  const [namespace = '', instance = ''] = name.split('/')
  return toJson(InboundSchema, translateInbound(model.inbound({ namespace, instance })))
}
