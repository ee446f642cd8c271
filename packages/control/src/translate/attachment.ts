import { create } from '@bufbuild/protobuf'
import { formatNameKey } from '@heddle/api/destination-key'
import {
  type BackendPolicy,
  BackendPolicySchema,
  LocalityMode,
  LocalityPolicySchema,
} from '@heddle/api/discovery/policy'
import { type CircuitBreaker, type Fault, type Route, RouteKind, RouteSchema } from '@heddle/api/discovery/route'
import type * as Kind from '@heddle/api/kinds/backend-policy'
import type { Service } from '@heddle/api/kinds/service'
import type { TrafficPolicy } from '@heddle/api/kinds/traffic-policy'
import type { Attachment } from '../model/attachments.ts'
import { translateBackendPolicy } from './backend-policy.ts'
import { translateFaults } from './fault.ts'
import { policiesInForce } from './in-force.ts'
import { translateRoute } from './route.ts'
import { translateCircuitBreaker, translateSettings } from './traffic-policy.ts'

/** What is attached to a port of a Service, as proxies are told. Not to be written to. */
export interface ToldAttachment {
  readonly routes: Route[]
  readonly policy?: BackendPolicy
  readonly faults: Fault[]
  readonly circuitBreaker?: CircuitBreaker
}

/** Endpoints come and go a thousand times while what is attached stays: it is translated once. */
const told = new WeakMap<Attachment, ToldAttachment>()

/** Routes and policies of a port of a Service. Pure: an attachment is a value. */
export function translateAttachment(attachment: Attachment): ToldAttachment {
  const known = told.get(attachment)
  if (known !== undefined) return known
  const made = toTold(attachment)
  told.set(attachment, made)
  return made
}

function toTold({ service, port, routes, lookup }: Attachment): ToldAttachment {
  const { namespace, name } = service.metadata
  const place = { kind: 'Service', namespace, name, sectionName: port.name === '' ? undefined : port.name }
  const servicePolicies = policiesInForce('TrafficPolicy', place, lookup)
  const [backendPolicy] = policiesInForce('BackendPolicy', place, lookup)
  const [faultPolicy] = policiesInForce('FaultPolicy', place, lookup)
  const circuitBreaker = translateCircuitBreaker(servicePolicies)
  const policy = treatmentOf(service, backendPolicy)
  const own = routes.length === 0 ? ownRoute({ service, port }, servicePolicies) : undefined
  return {
    routes: own === undefined ? routes.map((route) => translateRoute(route, { lookup, servicePolicies })) : [own],
    faults: faultPolicy === undefined ? [] : translateFaults(faultPolicy),
    ...(policy && { policy }),
    ...(circuitBreaker && { circuitBreaker }),
  }
}

/** Kubernetes' older way to say the same. */
const TOPOLOGY_ANNOTATION = 'service.kubernetes.io/topology-mode'

/** What the policy says; of near and far endpoints the Service itself may say something where the policy does not. */
function treatmentOf({ metadata, spec }: Service, policy: Kind.BackendPolicy | undefined): BackendPolicy | undefined {
  const isCloseFirst = spec.trafficDistribution !== undefined || metadata.annotations[TOPOLOGY_ANNOTATION] === 'Auto'
  const told = policy && translateBackendPolicy(policy)
  if (!isCloseFirst || told?.locality !== undefined) return told
  const locality = create(LocalityPolicySchema, { mode: LocalityMode.PREFER_CLOSE })
  return Object.assign(told ?? create(BackendPolicySchema), { locality })
}

/** Timeouts and retries of a Service without routes: a route to itself, which has no name because no user wrote it. */
function ownRoute(
  { service, port }: Pick<Attachment, 'service' | 'port'>,
  policies: readonly TrafficPolicy[],
): Route | undefined {
  const settings = translateSettings({}, policies)
  const { requestTimeoutMs, backendRequestTimeoutMs, retry } = settings
  if (requestTimeoutMs === 0 && backendRequestTimeoutMs === 0 && retry === undefined) return undefined
  const backends = [{ key: formatNameKey(service.metadata, port.port), weight: 1 }]
  return create(RouteSchema, {
    kind: RouteKind.HTTP,
    namespace: service.metadata.namespace,
    rules: [{ backends, ...settings }],
  })
}
