import { protocolOfName } from '../kinds/app-protocol.ts'
import type { MeshObject } from '../kinds/mesh-object.ts'
import { type Finding, quoted, warningAt } from './finding.ts'

/** Warns of a declared protocol that is not known: the first bytes are looked at, as if nothing was declared. */
export function checkProtocols(object: MeshObject): Finding[] {
  if (object.kind !== 'Service' && object.kind !== 'Workload') return []
  return object.spec.ports.flatMap(({ appProtocol }, i) => {
    if (appProtocol === undefined || protocolOfName(appProtocol) !== undefined) return []
    const reason = `${quoted(appProtocol)} has no effect: it is not known here, so the first bytes are looked at`
    return [warningAt(['spec', 'ports', i, 'appProtocol'], reason, 'use heddle.dev/opaque for bytes to be left alone')]
  })
}
