import { redirectFlags } from '../interception/redirect-flags.ts'
import { containerFrame } from './container-frame.ts'
import type { InjectValues } from './inject-values.ts'
import { INIT_CONTAINER, INIT_PROGRAM, VALIDATE_CONTAINER } from './names.ts'
import type { Container } from './pod.ts'
import type { InjectSettings } from './settings.ts'

/** No proxy and no application runs under it, so what it opens is redirected. */
const VALIDATOR_UID = 65_534

/** The init container that redirects traffic to the proxy, or the one that waits for the agent of the node to do it. */
export function redirectContainer(settings: InjectSettings, values: InjectValues): Container {
  const frame = containerFrame(settings, values)
  const { skipInboundPorts: inboundPorts, skipOutboundPorts: outboundPorts, skipSubnets: subnets } = settings
  const flags = redirectFlags(settings.proxyUid, { inboundPorts, outboundPorts, subnets })
  if (settings.interception === 'node-agent') {
    // The agent reads the flags in the pod.
    const command = [...INIT_PROGRAM, 'check', ...flags]
    return { name: VALIDATE_CONTAINER, ...frame, command, securityContext: VALIDATOR_CONTEXT }
  }
  return {
    name: INIT_CONTAINER,
    ...frame,
    command: [...INIT_PROGRAM, 'redirect', ...flags],
    // What iptables locks must be written somewhere; only this place can be.
    env: [{ name: 'XTABLES_LOCKFILE', value: '/dev/shm/xtables.lock' }],
    securityContext: REDIRECT_CONTEXT,
  }
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
