import { canonicalIp } from '../kinds/ip-address.ts'
import { isHeadless } from '../kinds/service.ts'
import { errorAt, type Path } from './finding.ts'
import type { ManifestEntry } from './manifest-set.ts'
import { type ManifestSet, titleOf } from './manifest-set.ts'
import type { Problem } from './problem.ts'

interface Claim {
  readonly entry: ManifestEntry
  readonly path: Path
  /** For example `the address 10.0.0.7 with port 80`. */
  readonly what: string
}

/** An address belongs to one Service, or at each port to one Workload. */
export function checkAddresses(set: ManifestSet): Problem[] {
  const services = new Map<string, Claim>()
  const problems: Problem[] = []
  for (const entry of set.services) {
    if (isHeadless(entry.object)) continue
    for (const [i, address] of entry.object.spec.clusterIPs.entries()) {
      const path: Path = i === 0 ? pathOfFirst(entry) : ['spec', 'clusterIPs', i]
      const claim: Claim = { entry, path, what: `the address ${address}` }
      problems.push(...take(services, canonicalIp(address) ?? address, claim))
    }
  }
  problems.push(...checkWorkloadAddresses(set, services))
  return problems
}

/** The file may have either spelling of the first address. */
function pathOfFirst(entry: ManifestEntry): Path {
  const { spec } = entry.raw.value as { readonly spec: object }
  return 'clusterIP' in spec ? ['spec', 'clusterIP'] : ['spec', 'clusterIPs', 0]
}

function checkWorkloadAddresses(set: ManifestSet, services: ReadonlyMap<string, Claim>): Problem[] {
  const workloads = new Map<string, Claim>()
  return set.workloads.flatMap((entry) => {
    const { addresses = [], ports } = entry.object.spec
    return addresses.flatMap((address, i) => {
      const claim: Claim = { entry, path: ['spec', 'addresses', i], what: `the address ${address}` }
      const canonical = canonicalIp(address) ?? address
      const service = services.get(canonical)
      const problems = service === undefined ? [] : [alreadyTaken(claim, service)]
      if (ports.length === 0) problems.push(...take(workloads, canonical, claim))
      for (const { port } of ports) {
        problems.push(...take(workloads, `${canonical} ${port}`, { ...claim, what: `${claim.what} with port ${port}` }))
      }
      return problems
    })
  })
}

function take(claims: Map<string, Claim>, key: string, claim: Claim): Problem[] {
  const first = claims.get(key)
  if (first !== undefined) return [alreadyTaken(claim, first)]
  claims.set(key, claim)
  return []
}

function alreadyTaken({ entry, path, what }: Claim, first: Claim): Problem {
  const { line } = first.entry.raw.position(first.path)
  const place = line === 0 ? '' : ` at ${first.entry.raw.file}:${line}`
  const owner = `${titleOf(first.entry.object)}${place}`
  return entry.raw.problem(
    errorAt(path, `${what} is claimed by ${first.entry === entry ? 'the same object' : owner} already`),
  )
}
