import { toJson } from '@bufbuild/protobuf'
import { DestinationSchema } from '@heddle/api/discovery'
import { type RouteJson, RouteSchema } from '@heddle/api/discovery/route'
import { ManifestParser } from '@heddle/api/manifest'
import { systemClock } from '@heddle/base/clock'
import { createModel, type Model } from '@heddle/control/model'
import { translateDestination } from '@heddle/control/translate'
import { deltaOf } from '@heddle/control/translate/delta'
import { compileRoutes } from '@heddle/engine/route/compile'
import { readCount, readOptions } from '../tools/read-options.ts'
import { configuration, KEY, NAMESPACE, route, service } from './discovery/configuration.ts'

const USAGE = `usage: node bench/configuration-scale.ts [--routes 10000] [--endpoints 10000]

What routes and endpoints cost the control plane and a proxy, in this process: read, apply, translate, compile; and what one change
of them costs. Once with all routes at one Service, once with ten at each.
`

interface Sizes {
  readonly routes: number
  readonly endpoints: number
}

const ROUTES_PER_SERVICE = 10
const REPEATS = 20

async function main(sizes: Sizes): Promise<void> {
  print(`${sizes.routes} routes and ${sizes.endpoints} endpoints of one Service`, '')
  measureOne(sizes)
  print('', '')
  print(`${sizes.routes} routes, ${ROUTES_PER_SERVICE} at each Service`, '')
  measureMany(sizes.routes)
}

function measureOne(sizes: Sizes): void {
  const model = load(configuration(sizes))
  const whole = timed('translate', () => told(model, KEY))
  const json = timed('to JSON', () => JSON.stringify(toJson(DestinationSchema, whole)))
  print('length of the whole', `${(json.length / 1024 / 1024).toFixed(1)} MiB`)
  measureEndpointChange(model)
  const other = parse({ 'f.yaml': route('route-0', 50) })
  const changed = timed('apply one changed route', () => model.applyObjects({ upserted: other, removed: [] }))
  void changed
  timed('translate again', () => told(model, KEY))
  if (whole.target.case !== 'service') return
  const routes = whole.target.value.routes.map((one) => toJson(RouteSchema, one) as RouteJson)
  timed('compile in the proxy', () => compileRoutes(routes, { regex: undefined }))
}

function measureEndpointChange(model: Model): void {
  const instance = { namespace: NAMESPACE, instance: 'cart-0-0' }
  let before = told(model, KEY)
  const startMs = performance.now()
  for (let i = 0; i < REPEATS; i++) {
    model.setHealth(instance, '', { state: i % 2 === 0 ? 'unhealthy' : 'ready', reason: '' })
    const after = told(model, KEY)
    if (deltaOf(before, after) === undefined) throw new Error('expected a delta')
    before = after
  }
  print('one endpoint: apply, translate, delta', ms((performance.now() - startMs) / REPEATS))
}

function measureMany(routes: number): void {
  const services = Math.ceil(routes / ROUTES_PER_SERVICE)
  const files: Record<string, string> = { 'other.yaml': `${service('other')}---\n${service('cart')}` }
  for (let i = 0; i < services; i++) {
    const own = Array.from({ length: ROUTES_PER_SERVICE }, (_, j) => route(`r-${i}-${j}`, 1, `svc-${i}`))
    files[`${i}.yaml`] = [service(`svc-${i}`), ...own].join('---\n')
  }
  const model = load(files)
  const keys = Array.from({ length: services }, (_, i) => `name:svc-${i}.${NAMESPACE}:80`)
  timed(`translate ${services} destinations`, () => keys.map((key) => told(model, key)))
  const other = parse({ 'f.yaml': route('r-0-0', 50, 'svc-0') })
  const touched = timed('apply one changed route, translate', () => {
    model.applyObjects({ upserted: other, removed: [] })
    return told(model, keys[0]!)
  })
  void touched
}

function load(files: Readonly<Record<string, string>>): Model {
  const objects = timed('read and check files', () => parse(files))
  const model = createModel({ clock: systemClock })
  timed(`apply ${objects.length} objects`, () => model.applyObjects({ upserted: objects, removed: [] }))
  return model
}

function parse(files: Readonly<Record<string, string>>) {
  const parser = new ManifestParser()
  for (const [path, text] of Object.entries(files)) parser.add({ path, text })
  const { objects, problems } = parser.finish()
  const isSet = Object.keys(files).length > 1
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (isSet && errors.length > 0) throw new Error(errors[0]!.reason)
  return objects
}

function told(model: Model, key: string) {
  return translateDestination(model.resolve(key), { trustDomain: 'heddle.local' })
}

function timed<T>(what: string, act: () => T): T {
  const startMs = performance.now()
  const made = act()
  print(what, ms(performance.now() - startMs))
  return made
}

function ms(durationMs: number): string {
  return `${durationMs.toFixed(durationMs < 10 ? 1 : 0)} ms`
}

function print(what: string, text: string): void {
  process.stdout.write(text === '' ? `${what}\n` : `  ${what.padEnd(40)} ${text}\n`)
}

const { values } = readOptions(USAGE, {
  options: {
    routes: { type: 'string', default: '10000' },
    endpoints: { type: 'string', default: '10000' },
  },
})
await main({
  routes: readCount(USAGE, '--routes', values.routes),
  endpoints: readCount(USAGE, '--endpoints', values.endpoints),
})
