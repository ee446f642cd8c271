import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type JsonObject, toJson } from '@bufbuild/protobuf'
import { DestinationSchema, InboundSchema } from '@heddle/api/discovery'
import { ManualClock } from '@heddle/testkit/manual-clock'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { toObjects } from '../../../test/cluster-world.ts'
import { FakeCluster } from '../../../test/fake-cluster.ts'
import { modelOfCluster } from '../../../test/model-of-cluster.ts'
import { parseClient } from '../../model/client.ts'
import type { Model } from '../../model/model.ts'
import { translateDestination } from '../../translate/destination.ts'
import { translateInbound } from '../../translate/inbound.ts'

/** The last document of an `in.yaml`; those before it are what the API server has. */
interface Question {
  readonly keys?: readonly string[]
  /** Keys as clients of a host, `NAMESPACE/HOST`, see them. */
  readonly clients?: Readonly<Record<string, readonly string[]>>
  /** `NAMESPACE/POD` */
  readonly inbound?: readonly string[]
}

const TESTDATA = join(import.meta.dirname, 'testdata')
const names = readdirSync(TESTDATA).sort()

test.each(names.map((name) => ({ name })))('translates $name', async ({ name }) => {
  const answer = stringify(await translate(readFileSync(join(TESTDATA, name, 'in.yaml'), 'utf8')), { lineWidth: 0 })
  const outFile = join(TESTDATA, name, 'out.yaml')
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(outFile, answer)
  expect(existsSync(outFile), 'UPDATE_GOLDEN=1 writes the file').toBe(true)
  expect(answer).toBe(readFileSync(outFile, 'utf8'))
})

async function translate(text: string): Promise<JsonObject> {
  const at = text.lastIndexOf('\n---\n')
  const question = parse(text.slice(at + 5)) as Question
  const cluster = new FakeCluster()
  for (const object of toObjects(text.slice(0, at + 1))) cluster.put(object)
  const ended = new AbortController()
  const { model } = await modelOfCluster(cluster, { clock: new ManualClock(), signal: ended.signal })
  ended.abort()
  const { keys = [], clients = {}, inbound = [] } = question
  const destinations = (all: readonly string[], client?: string) =>
    Object.fromEntries(all.map((key) => [key, destinationOf(model, key, client)]))
  const ofClients = Object.entries(clients).map(([client, all]) => [client, destinations(all, client)])
  return {
    ...(keys.length > 0 && { destinations: destinations(keys) }),
    ...(ofClients.length > 0 && { clients: Object.fromEntries(ofClients) }),
    ...(inbound.length > 0 && { inbound: Object.fromEntries(inbound.map((name) => [name, inboundOf(model, name)])) }),
  }
}

function destinationOf(model: Model, key: string, client = '') {
  const { version: _, ...destination } = toJson(
    DestinationSchema,
    translateDestination(model.resolve(key, parseClient(client)), { trustDomain: 'heddle.local' }),
  ) as JsonObject
  return destination
}

function inboundOf(model: Model, name: string) {
  const [namespace = '', instance = ''] = name.split('/')
  return toJson(InboundSchema, translateInbound(model.inbound({ namespace, instance })))
}
