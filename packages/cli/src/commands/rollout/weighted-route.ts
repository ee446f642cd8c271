import type { JsonObject } from '@bufbuild/protobuf'
import { Document, parseDocument } from 'yaml'

/** The two backends between which a rollout shifts. */
export interface BackendPair {
  readonly from: BackendName
  readonly to: BackendName
}

/** A Service, in the namespace of the route unless stated. */
export interface BackendName {
  readonly name: string
  readonly namespace: string
}

/** Weights of both, as they stand in every rule concerned. */
export interface PairWeights {
  readonly from: number
  readonly to: number
}

/** A route between whose backends can be shifted, or why not. */
export type WeightedRoute =
  | { readonly kind: 'weighted'; readonly weights: PairWeights }
  | { readonly kind: 'refused'; readonly reason: string; readonly remedy: string }

interface RouteManifest {
  readonly metadata?: { readonly namespace?: string; readonly annotations?: Readonly<Record<string, string>> }
  readonly spec?: { readonly rules?: readonly RuleManifest[] }
}

interface RuleManifest {
  readonly backendRefs?: readonly BackendManifest[]
}

interface BackendManifest {
  readonly name?: string
  readonly namespace?: string
  readonly weight?: number
}

/**
 * Reads the weights of both backends. Every rule with one of them must have both and nothing else, all with the same weights: else
 * nobody could say what a share of the requests means.
 */
export function readWeights(manifest: JsonObject, pair: BackendPair): WeightedRoute {
  const route = manifest as RouteManifest
  const rules = (route.spec?.rules ?? []).map(({ backendRefs = [] }, at) => ({ at, backendRefs }))
  const concerned = rules.filter(({ backendRefs }) => backendRefs.some((ref) => sideOf(ref, pair, route) !== undefined))
  if (concerned.length === 0) return refuse(`no rule has a backend ${pair.from.name} or ${pair.to.name}`, pair)
  const weights: PairWeights[] = []
  for (const { at, backendRefs } of concerned) {
    const place = `rule ${at + 1}`
    const sides = backendRefs.map((ref) => sideOf(ref, pair, route))
    if (sides.includes(undefined)) return refuse(`${place} has further backends`, pair)
    if (sides.length !== 2 || new Set(sides).size !== 2)
      return refuse(`${place} does not have each of both backends once`, pair)
    const weightOf = (side: Side) => backendRefs[sides.indexOf(side)]?.weight ?? 1
    weights.push({ from: weightOf('from'), to: weightOf('to') })
  }
  const [first] = weights
  if (first === undefined || weights.some(({ from, to }) => from !== first.from || to !== first.to)) {
    return refuse('its rules have different weights', pair)
  }
  return { kind: 'weighted', weights: first }
}

function refuse(reason: string, { from, to }: BackendPair): WeightedRoute {
  const remedy = `a rollout needs rules with backendRefs ${from.name} and ${to.name} and no other; ${to.name} may begin with weight 0`
  return { kind: 'refused', reason, remedy }
}

type Side = 'from' | 'to'

function sideOf(
  { name, namespace }: BackendManifest,
  { from, to }: BackendPair,
  route: RouteManifest,
): Side | undefined {
  const place = namespace ?? route.metadata?.namespace ?? 'default'
  const is = (backend: BackendName) => backend.name === name && backend.namespace === place
  return is(from) ? 'from' : is(to) ? 'to' : undefined
}

/**
 * YAML of the route with these weights and an annotation.
 *
 * @param text - the document as its file has it, whose comments stay; empty: the manifest is written instead
 */
export function formatWithWeights({ manifest, text }: RouteSource, pair: BackendPair, change: WeightChange): string {
  const { status: _status, ...defined } = manifest
  const document = text === '' ? new Document(defined, { version: '1.2' }) : parseDocument(text, { version: '1.2' })
  const route = document.toJS() as RouteManifest
  route.spec?.rules?.forEach(({ backendRefs = [] }, rule) => {
    backendRefs.forEach((ref, at) => {
      const side = sideOf(ref, pair, route)
      if (side !== undefined) document.setIn(['spec', 'rules', rule, 'backendRefs', at, 'weight'], change.weights[side])
    })
  })
  document.setIn(['metadata', 'annotations', change.annotation.name], change.annotation.value)
  return document.toString({ lineWidth: 0 })
}

/** A route as the control plane knows it. */
export interface RouteSource {
  readonly manifest: JsonObject
  /** Of its file; empty where it is not known. */
  readonly text: string
}

/** What a route is to have. */
export interface WeightChange {
  readonly weights: PairWeights
  readonly annotation: { readonly name: string; readonly value: string }
}

/** Share of the requests that goes to `to`, in percent. */
export function sharePercent({ from, to }: PairWeights): number {
  return from + to === 0 ? 0 : (to / (from + to)) * 100
}
