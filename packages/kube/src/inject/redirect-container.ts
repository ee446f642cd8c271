import { formatPortRanges } from '../interception/port-range.ts'
import { containerFrame } from './container-frame.ts'
import type { InjectValues } from './inject-values.ts'
import { INIT_CONTAINER, INIT_PROGRAM, VALIDATE_CONTAINER } from './names.ts'
import type { Container } from './pod.ts'
import type { InjectSettings } from './settings.ts'

/** No proxy and no application runs under it, so what it opens is redirected. */
const VALIDATOR_UID = 65_534

/** The init container that redirects traffic to the proxy, or the one that sees whether a CNI plugin did. */
export function redirectContainer(settings: InjectSettings, values: InjectValues): Container {
  const frame = containerFrame(settings, values)
  if (settings.interception === 'cni') {
    const command = [...INIT_PROGRAM, 'check', ...(settings.skipSubnets.length === 0 ? [] : skipSubnets(settings))]
    return { name: VALIDATE_CONTAINER, ...frame, command, securityContext: VALIDATOR_CONTEXT }
  }
  return {
    name: INIT_CONTAINER,
    ...frame,
    command: [...INIT_PROGRAM, 'redirect', ...redirectArguments(settings)],
    // What iptables locks must be written somewhere; only this place can be.
    env: [{ name: 'XTABLES_LOCKFILE', value: '/dev/shm/xtables.lock' }],
    securityContext: REDIRECT_CONTEXT,
  }
}

/** The rules of a pod, as the init program takes them; so a CNI plugin can be told the same. */
export function redirectArguments(settings: InjectSettings): readonly string[] {
  const { proxyUid, skipInboundPorts, skipOutboundPorts } = settings
  return [
    `--proxy-uid=${proxyUid}`,
    ...(skipInboundPorts.length === 0 ? [] : [`--skip-inbound-ports=${formatPortRanges(skipInboundPorts)}`]),
    ...(skipOutboundPorts.length === 0 ? [] : [`--skip-outbound-ports=${formatPortRanges(skipOutboundPorts)}`]),
    ...(settings.skipSubnets.length === 0 ? [] : skipSubnets(settings)),
  ]
}

function skipSubnets(settings: InjectSettings): readonly string[] {
  return [`--skip-subnets=${settings.skipSubnets.join(',')}`]
}

const REDIRECT_CONTEXT = {
  allowPrivilegeEscalation: false,
  capabilities: { add: ['NET_ADMIN', 'NET_RAW'], drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsGroup: 0,
  runAsNonRoot: false,
  runAsUser: 0,
  seccompProfile: { type: 'RuntimeDefault' },
}

const VALIDATOR_CONTEXT = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  readOnlyRootFilesystem: true,
  runAsGroup: VALIDATOR_UID,
  runAsNonRoot: true,
  runAsUser: VALIDATOR_UID,
  seccompProfile: { type: 'RuntimeDefault' },
}
