/** An instance as far as a rollout looks at it. */
export interface RolloutInstance {
  /** Number in its name. */
  readonly ordinal: number
  readonly fingerprint: string
  /** `starting` until the mesh sends it requests; `leaving` once it was told to stop. */
  readonly state: 'starting' | 'ready' | 'leaving'
}

export interface RolloutTarget {
  readonly replicas: number
  readonly fingerprint: string
}

/** The next step towards the target. */
export type RolloutStep =
  | { readonly kind: 'start'; readonly ordinals: readonly number[] }
  | { readonly kind: 'stop'; readonly ordinals: readonly number[] }
  /** Something is on its way; look again when it changed. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'done' }

/**
 * Decides what to do next for the instances of one Workload. Old instances are replaced one at a time: a new one is
 * started beside them, and one that serves goes only when enough others serve, so that there are never fewer than both
 * before and after.
 */
export function planRollout(instances: readonly RolloutInstance[], target: RolloutTarget): RolloutStep {
  const { replicas, fingerprint } = target
  const staying = instances.filter((instance) => instance.state !== 'leaving')
  const current = staying.filter((instance) => instance.fingerprint === fingerprint)
  const old = staying.filter((instance) => instance.fingerprint !== fingerprint)
  const dispensable = old.length > 0 ? pickDispensable(old, countReady(staying) - replicas) : current.slice(replicas)
  if (dispensable.length > 0 && old.length > 0) return stop(dispensable, dispensable.length)
  if (dispensable.length > 0) return stop(current, dispensable.length)
  if (current.length < replicas && mayStart(instances, target)) return start(instances, missing(staying, target))
  return instances.every((instance) => instance.state === 'ready') && old.length === 0
    ? { kind: 'done' }
    : { kind: 'wait' }
}

/** Old ones that serve nobody, and as many of the others as there are to spare. */
function pickDispensable(old: readonly RolloutInstance[], spare: number): readonly RolloutInstance[] {
  const ready = old.filter((instance) => instance.state === 'ready')
  const others = old.filter((instance) => instance.state !== 'ready')
  return [...others, ...ready.toSorted(byOrdinalDown).slice(0, Math.max(0, spare))]
}

/** While old ones are replaced there is one more than wanted, and one step after the other. */
function mayStart(instances: readonly RolloutInstance[], { replicas, fingerprint }: RolloutTarget): boolean {
  const staying = instances.filter((instance) => instance.state !== 'leaving')
  const isReplacing = staying.some((instance) => instance.fingerprint !== fingerprint)
  return !isReplacing || (staying.length <= replicas && instances.every((instance) => instance.state === 'ready'))
}

function missing(staying: readonly RolloutInstance[], { replicas, fingerprint }: RolloutTarget): number {
  const isReplacing = staying.some((instance) => instance.fingerprint !== fingerprint)
  return isReplacing ? Math.max(1, replicas - staying.length) : replicas - staying.length
}

function countReady(instances: readonly RolloutInstance[]): number {
  return instances.filter((instance) => instance.state === 'ready').length
}

/** Those that are not ready first, then the highest ordinals, as Kubernetes does. */
function stop(instances: readonly RolloutInstance[], count: number): RolloutStep {
  const isReady = (instance: RolloutInstance): number => (instance.state === 'ready' ? 1 : 0)
  const order = instances.toSorted((a, b) => isReady(a) - isReady(b) || byOrdinalDown(a, b))
  return { kind: 'stop', ordinals: order.slice(0, count).map((instance) => instance.ordinal) }
}

function byOrdinalDown(a: RolloutInstance, b: RolloutInstance): number {
  return b.ordinal - a.ordinal
}

function start(instances: readonly RolloutInstance[], count: number): RolloutStep {
  const taken = new Set(instances.map((instance) => instance.ordinal))
  const ordinals: number[] = []
  for (let ordinal = 0; ordinals.length < count; ordinal++) {
    if (!taken.has(ordinal)) ordinals.push(ordinal)
  }
  return { kind: 'start', ordinals }
}
