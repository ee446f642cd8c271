import { canonicalIp, parseIp } from './ip-address.ts'
import { objectMetaSchema } from './object-meta-schema.ts'
import { appProtocol, dnsSubdomain, flag, labelMap, portNumber, portReference, type Schema, text } from './schema.ts'

const NO_LOAD_BALANCER = { reason: 'there is no load balancer outside a cluster' }
const NO_NODE_PORT = { reason: 'no port is opened on the host' }

/** Name as clusters take it: RFC 1035, so it starts with a letter. */
const serviceName: Schema = {
  type: 'string',
  pattern: '^[a-z]([-a-z0-9]*[a-z0-9])?$',
  minLength: 1,
  maxLength: 63,
  description: 'Name of the Service; its clients ask for `NAME.NAMESPACE`.',
  'x-heddle-expected':
    'a name of lower-case letters, digits and "-", at most 63 characters, starting with a letter and ending with a letter or digit',
}

const clusterIp: Schema = {
  type: 'string',
  'x-heddle-expected': 'an IP address that clients can be sent to, or None',
  'x-kubernetes-validations': [
    {
      message: 'is not such an address',
      holds: (self: string) => self === '' || self === 'None' || mayBeService(self),
    },
  ],
}

const port: Schema = {
  type: 'object',
  required: ['port'],
  properties: {
    name: {
      type: 'string',
      pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$',
      maxLength: 63,
      description: 'Needed when there is more than one port.',
      'x-heddle-expected': 'a name of lower-case letters, digits and "-", at most 63 characters',
    },
    port: portNumber('The port that clients address.'),
    targetPort: portReference('Port of the Workload, by number or name; the same as `port` when absent.'),
    protocol: {
      type: 'string',
      enum: ['TCP', 'UDP', 'SCTP'],
      default: 'TCP',
      'x-heddle-no-effect': { reason: 'the mesh carries TCP only, this port is left out', except: ['TCP'] },
    },
    appProtocol: appProtocol('What is spoken inside; looked at when absent.'),
    nodePort: {
      type: 'integer',
      format: 'int32',
      minimum: 0,
      maximum: 65_535,
      'x-heddle-no-effect': { ...NO_NODE_PORT, except: [0] },
    },
  },
}

const specFields: Readonly<Record<string, Schema>> = {
  type: {
    type: 'string',
    enum: ['ClusterIP', 'ExternalName', 'NodePort', 'LoadBalancer'],
    description:
      '`NodePort` and `LoadBalancer` are the same as `ClusterIP` here. Clients of an `ExternalName` get an error that says so.',
    default: 'ClusterIP',
    'x-heddle-no-effect': {
      reason: 'the Service is reached inside the mesh only',
      except: ['ClusterIP', 'ExternalName'],
    },
  },
  selector: labelMap('Labels of the Workloads behind the Service.'),
  ports: {
    type: 'array',
    description: 'Needed, unless the Service is headless.',
    maxItems: 200,
    items: port,
    'x-heddle-unique': [['name'], ['port', 'protocol']],
    'x-kubernetes-validations': [
      {
        message: 'each port needs a name when there is more than one',
        holds: (self: readonly { name?: string }[]) => self.length < 2 || self.every((one) => (one.name ?? '') !== ''),
      },
    ],
  },
  clusterIP: {
    ...clusterIp,
    description:
      'Virtual address to have; one is given when absent. `None`: headless, without one; by name it is reached like any other.',
  },
  clusterIPs: {
    type: 'array',
    maxItems: 2,
    items: clusterIp,
    description: 'The same, for IPv4 and IPv6.',
  },
  ipFamilies: {
    type: 'array',
    maxItems: 2,
    items: { type: 'string', enum: ['IPv4', 'IPv6'] },
    description: 'Kinds of virtual addresses to be given; both when absent.',
  },
  ipFamilyPolicy: {
    type: 'string',
    enum: ['SingleStack', 'PreferDualStack', 'RequireDualStack'],
    description: '`SingleStack`: one virtual address only.',
  },
  externalName: dnsSubdomain('Name outside that an ExternalName Service stands for.'),
  publishNotReadyAddresses: {
    type: 'boolean',
    default: false,
    description: 'Clients are sent to instances that fail their health check as well, though never to those that end.',
  },
  externalIPs: {
    type: 'array',
    items: text,
    'x-heddle-no-effect': { reason: 'clients reach the Service by name or virtual address' },
  },
  loadBalancerIP: { ...text, 'x-heddle-no-effect': NO_LOAD_BALANCER },
  loadBalancerSourceRanges: { type: 'array', items: text, 'x-heddle-no-effect': NO_LOAD_BALANCER },
  loadBalancerClass: { ...text, 'x-heddle-no-effect': NO_LOAD_BALANCER },
  allocateLoadBalancerNodePorts: { ...flag, 'x-heddle-no-effect': { ...NO_LOAD_BALANCER, except: [false] } },
  healthCheckNodePort: {
    type: 'integer',
    format: 'int32',
    minimum: 0,
    maximum: 65_535,
    'x-heddle-no-effect': NO_LOAD_BALANCER,
  },
  externalTrafficPolicy: {
    type: 'string',
    enum: ['Cluster', 'Local'],
    'x-heddle-no-effect': { ...NO_LOAD_BALANCER, except: ['Cluster'] },
  },
  internalTrafficPolicy: {
    type: 'string',
    enum: ['Cluster', 'Local'],
    description:
      '`Local`: clients get endpoints on their own host only, and none where there are none. Of no effect for a headless Service, as in a cluster.',
  },
  trafficDistribution: {
    type: 'string',
    enum: ['PreferClose', 'PreferSameZone', 'PreferSameNode'],
    description:
      'Clients prefer endpoints of their own zone, then of their region, where a BackendPolicy says nothing else. All values mean that: hosts are not told apart.',
  },
  sessionAffinity: {
    type: 'string',
    enum: ['None', 'ClientIP'],
    'x-heddle-no-effect': { reason: 'requests are balanced one by one', except: ['None'] },
  },
  sessionAffinityConfig: {
    type: 'object',
    'x-heddle-no-effect': { reason: 'requests are balanced one by one' },
    properties: {
      clientIP: {
        type: 'object',
        properties: { timeoutSeconds: { type: 'integer', format: 'int32', minimum: 1, maximum: 86_400 } },
      },
    },
  },
}

interface RawSpec {
  readonly type: string
  readonly ports?: readonly unknown[]
  readonly clusterIP?: string
  readonly clusterIPs?: readonly string[]
  readonly externalName?: string
}

/** Kubernetes' `v1` Service, all of its fields. */
export const serviceSchema: Schema = {
  type: 'object',
  required: ['metadata', 'spec'],
  properties: {
    apiVersion: text,
    kind: text,
    metadata: objectMetaSchema(serviceName, 'namespaced'),
    spec: {
      type: 'object',
      description: 'What clients address, and what is behind it.',
      properties: specFields,
      'x-kubernetes-validations': [
        {
          fieldPath: '.ports',
          message: 'a Service needs at least one port, unless it is headless or an ExternalName',
          holds: (self: RawSpec) =>
            self.type === 'ExternalName' || firstIp(self) === 'None' || (self.ports?.length ?? 0) > 0,
        },
        {
          fieldPath: '.externalName',
          message: 'goes with type ExternalName, and that type needs it',
          holds: (self: RawSpec) => (self.type === 'ExternalName') === ((self.externalName ?? '') !== ''),
        },
        {
          fieldPath: '.clusterIP',
          message: 'a Service of type ExternalName has no address of its own',
          holds: (self: RawSpec) => self.type !== 'ExternalName' || (firstIp(self) ?? '') === '',
        },
        {
          fieldPath: '.clusterIP',
          message: 'None goes with type ClusterIP only',
          holds: (self: RawSpec) => firstIp(self) !== 'None' || self.type === 'ClusterIP',
        },
        {
          fieldPath: '.clusterIPs',
          message: 'the first one must be the same as clusterIP',
          holds: (self: RawSpec) =>
            self.clusterIP === undefined || self.clusterIPs?.[0] === undefined || self.clusterIP === self.clusterIPs[0],
        },
        {
          fieldPath: '.clusterIPs',
          message: 'two addresses must be one of IPv4 and one of IPv6',
          holds: (self: RawSpec) => (self.clusterIPs?.length ?? 0) < 2 || areOfBothFamilies(self.clusterIPs!),
        },
      ],
    },
    status: {
      type: 'object',
      'x-kubernetes-preserve-unknown-fields': true,
      'x-heddle-no-effect': { reason: 'a cluster sets it' },
    },
  },
}

function firstIp(spec: RawSpec): string | undefined {
  return spec.clusterIPs?.[0] ?? spec.clusterIP
}

function areOfBothFamilies(addresses: readonly string[]): boolean {
  return new Set(addresses.map((address) => parseIp(address)?.family)).size === addresses.length
}

/** Not the unspecified, loopback, link-local or multicast ones: no client could be sent there from another host. */
function mayBeService(address: string): boolean {
  const canonical = canonicalIp(address)
  if (canonical === undefined) return false
  return !/^(0\.|127\.|169\.254\.|22[4-9]\.|23\d\.|2[45]\d\.|::1?$|fe[89ab][0-9a-f]:|ff[0-9a-f]{2}:)/.test(canonical)
}
