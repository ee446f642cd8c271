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
 * started beside them and is ready before an old one is told to go, so that there are never fewer than before.
 */
export function planRollout(instances: readonly RolloutInstance[], target: RolloutTarget): RolloutStep {
  const staying = instances.filter((instance) => instance.state !== 'leaving')
  const current = staying.filter((instance) => instance.fingerprint === target.fingerprint)
  const old = staying.filter((instance) => instance.fingerprint !== target.fingerprint)
  if (staying.length > target.replicas && old.length === 0) return stop(current, staying.length - target.replicas)
  if (old.length > 0) return replaceOne({ current, old, instances }, target)
  if (current.length < target.replicas) return start(instances, target.replicas - current.length)
  return instances.some((instance) => instance.state !== 'ready') ? { kind: 'wait' } : { kind: 'done' }
}

interface Replacement {
  readonly current: readonly RolloutInstance[]
  readonly old: readonly RolloutInstance[]
  readonly instances: readonly RolloutInstance[]
}

function replaceOne({ current, old, instances }: Replacement, target: RolloutTarget): RolloutStep {
  // More than needed, also beside a new one that is on its way: they can go without a replacement.
  const surplus = current.length + old.length - target.replicas - 1
  if (surplus > 0) return stop(old, Math.min(surplus, old.length))
  if (instances.some((instance) => instance.state === 'leaving')) return { kind: 'wait' }
  if (current.some((instance) => instance.state === 'starting')) return { kind: 'wait' }
  const isReplaced = current.length + old.length > target.replicas
  return isReplaced ? stop(old, 1) : start(instances, 1)
}

/** Those that are not ready first, then the highest ordinals, as Kubernetes does. */
function stop(instances: readonly RolloutInstance[], count: number): RolloutStep {
  const order = [...instances].sort(
    (a, b) => Number(a.state === 'ready') - Number(b.state === 'ready') || b.ordinal - a.ordinal,
  )
  return { kind: 'stop', ordinals: order.slice(0, count).map((instance) => instance.ordinal) }
}

function start(instances: readonly RolloutInstance[], count: number): RolloutStep {
  const taken = new Set(instances.map((instance) => instance.ordinal))
  const ordinals: number[] = []
  for (let ordinal = 0; ordinals.length < count; ordinal++) {
    if (!taken.has(ordinal)) ordinals.push(ordinal)
  }
  return { kind: 'start', ordinals }
}
