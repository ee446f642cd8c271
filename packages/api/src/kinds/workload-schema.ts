import { canonicalIp } from './ip-address.ts'
import { objectMetaSchema } from './object-meta-schema.ts'
import {
  appProtocol,
  dnsLabel,
  portName,
  portNumber,
  portReference,
  type Rule,
  type Schema,
  seconds,
  text,
} from './schema.ts'

/** Room for "-" and the number of an instance within one DNS label. */
const NAME_CHARACTERS = 57
const NUL_FREE = '^[^\\x00]*$'

const argument: Schema = {
  type: 'string',
  maxLength: 131_072,
  pattern: NUL_FREE,
  'x-heddle-expected': 'text without NUL, at most 131072 characters',
  'x-heddle-sensitive': true,
}

/** Exactly one of `names` is set on the object. */
function oneOf(names: readonly [string, string, ...string[]], message: string): Rule {
  return {
    rule: `[${names.map((name) => `has(self.${name})`).join(', ')}].filter(set, set).size() == 1`,
    message,
    holds: (self: Readonly<Record<string, unknown>>) => names.filter((name) => self[name] !== undefined).length === 1,
  }
}

const ports: Schema = {
  type: 'array',
  maxItems: 64,
  description: 'Ports on which the application listens. Only these are reachable through the mesh.',
  'x-heddle-unique': [['name'], ['port']],
  items: {
    type: 'object',
    required: ['name', 'port'],
    properties: {
      name: portName('Name by which Services, health check and environment refer to the port.'),
      port: portNumber('The port as Services target it.'),
      protocol: { type: 'string', enum: ['TCP'], default: 'TCP', description: 'Only TCP.' },
      appProtocol: appProtocol(
        'What is spoken inside: `http`, `grpc`, `kubernetes.io/h2c`, `kubernetes.io/ws`, `https`, `tls`, `tcp`, ... Absent: the first bytes are looked at.',
      ),
    },
  },
}

const serviceRef: Schema = {
  type: 'object',
  description:
    '`HOST:PORT` at which the application reaches a Service: the name of the Service where traffic is intercepted, a local listener of the proxy where it is not.',
  required: ['name', 'port'],
  properties: {
    name: dnsLabel('Name of the Service.'),
    namespace: dnsLabel("Namespace of the Service; the Workload's own when absent."),
    port: portReference('Port of the Service, by number or name.'),
  },
}

const envVar: Schema = {
  type: 'object',
  required: ['name'],
  'x-kubernetes-validations': [
    {
      rule: '!(has(self.value) && has(self.valueFrom))',
      message: 'expected value or valueFrom, not both',
      holds: (self: Readonly<Record<string, unknown>>) => self.value === undefined || self.valueFrom === undefined,
    },
  ],
  properties: {
    name: {
      type: 'string',
      pattern: '^[-._a-zA-Z][-._a-zA-Z0-9]*$',
      maxLength: 253,
      description: 'Name of the variable.',
      'x-heddle-expected': 'a name of letters, digits, "_", "-" and ".", not starting with a digit',
    },
    value: { ...argument, description: 'Its value; empty when neither this nor `valueFrom` is there.' },
    valueFrom: {
      type: 'object',
      description: 'Where the value comes from; exactly one of the fields below.',
      'x-kubernetes-validations': [
        oneOf(['serviceRef', 'portRef', 'fieldRef'], 'expected exactly one of serviceRef, portRef and fieldRef'),
      ],
      properties: {
        serviceRef,
        portRef: {
          type: 'object',
          description: "The port on which the application must listen for one of the Workload's ports.",
          required: ['name'],
          properties: { name: portName('Name of the port in `spec.ports`.') },
        },
        fieldRef: {
          type: 'object',
          description: 'A fact about the instance.',
          required: ['fieldPath'],
          properties: {
            fieldPath: {
              type: 'string',
              enum: ['metadata.name', 'metadata.namespace', 'spec.serviceAccount', 'status.address'],
              description:
                "`metadata.name`: the instance's name; `metadata.namespace`; `spec.serviceAccount`; `status.address`: the IP address to bind.",
            },
          },
        },
      },
    },
  },
}

const healthCheck: Schema = {
  type: 'object',
  description: 'How to find out whether an instance should get traffic; absent: it should once it runs.',
  'x-kubernetes-validations': [oneOf(['httpGet', 'tcpSocket'], 'expected exactly one of httpGet and tcpSocket')],
  properties: {
    httpGet: {
      type: 'object',
      description: 'Healthy when a GET answers with a status from 200 to 399.',
      required: ['port'],
      properties: {
        path: {
          type: 'string',
          pattern: '^/[^\\s#]*$',
          maxLength: 2048,
          default: '/',
          description: 'Path and query of the request.',
          'x-heddle-expected': 'a path that starts with "/"',
        },
        port: portReference('Port of the application, by number or name.'),
      },
    },
    tcpSocket: {
      type: 'object',
      description: 'Healthy when a connection is accepted.',
      required: ['port'],
      properties: { port: portReference('Port of the application, by number or name.') },
    },
    initialDelaySeconds: seconds('Wait before the first check, in seconds.', 0, 0),
    periodSeconds: seconds('Time between checks, in seconds.', 1, 10),
    timeoutSeconds: seconds('How long an answer may take, in seconds.', 1, 1),
    failureThreshold: {
      type: 'integer',
      format: 'int32',
      minimum: 1,
      maximum: 1000,
      default: 3,
      description: 'Failures in a row after which the instance gets no more traffic.',
    },
    successThreshold: {
      type: 'integer',
      format: 'int32',
      minimum: 1,
      maximum: 1000,
      default: 1,
      description: 'Successes in a row after which it gets traffic again.',
    },
  },
}

const specFields: Readonly<Record<string, Schema>> = {
  serviceAccount: {
    ...dnsLabel('ServiceAccount whose identity the instances have; part of their TLS server name.'),
    default: 'default',
  },
  ports,
  addresses: {
    type: 'array',
    minItems: 1,
    maxItems: 1000,
    description: 'IP addresses of instances that run already. Excludes `command`.',
    items: {
      type: 'string',
      maxLength: 45,
      'x-heddle-expected': 'an IP address such as 10.0.0.7 or fd00::7',
      'x-kubernetes-validations': [
        {
          rule: 'isIP(self)',
          message: 'is not an IP address',
          holds: (self: string) => canonicalIp(self) !== undefined,
        },
      ],
    },
  },
  command: {
    type: 'array',
    minItems: 1,
    maxItems: 1000,
    items: argument,
    description: 'Program and its first arguments, started without a shell. Excludes `addresses`.',
    'x-kubernetes-validations': [
      {
        rule: "self[0] != ''",
        message: 'the program has no name',
        holds: (self: readonly unknown[]) => self[0] !== '',
      },
    ],
  },
  args: { type: 'array', maxItems: 1000, items: argument, description: 'Further arguments.' },
  workingDir: {
    type: 'string',
    minLength: 1,
    maxLength: 4096,
    pattern: NUL_FREE,
    description:
      'Directory in which the program starts, relative to the file that holds the Workload; that directory when absent.',
    'x-heddle-expected': 'a path',
  },
  replicas: {
    type: 'integer',
    format: 'int32',
    minimum: 0,
    maximum: 1000,
    default: 1,
    description: 'How many instances of the command run.',
  },
  env: {
    type: 'array',
    maxItems: 1000,
    items: envVar,
    description: 'Environment of the program, beside what it inherits.',
    'x-heddle-unique': [['name']],
  },
  locality: {
    type: 'object',
    description: 'Where the instances run.',
    properties: {
      region: { ...text, maxLength: 63, default: '', description: 'Region, such as `eu-west`.' },
      zone: { ...text, maxLength: 63, default: '', description: 'Zone within the region.' },
    },
  },
  healthCheck,
  terminationGracePeriodSeconds: seconds('Time between the request to end and the kill, in seconds.', 0, 30),
  restartPolicy: {
    type: 'string',
    enum: ['Always', 'OnFailure', 'Never'],
    default: 'Always',
    description: 'Whether an instance is started again after it ended.',
  },
}

/** Fields that say how to run a command, and therefore nothing about instances at `addresses`. */
export const COMMAND_FIELDS = [
  'args',
  'workingDir',
  'replicas',
  'env',
  'terminationGracePeriodSeconds',
  'restartPolicy',
] as const

/** `heddle.dev/v1alpha1` Workload. */
export const workloadSchema: Schema = {
  type: 'object',
  description:
    'Instances of one application with one identity: processes that are started here (`command`) or that run elsewhere (`addresses`).',
  required: ['metadata', 'spec'],
  properties: {
    apiVersion: { ...text, description: '`heddle.dev/v1alpha1`' },
    kind: { ...text, description: '`Workload`' },
    metadata: objectMetaSchema(
      dnsLabel('Name of the Workload; instances are called NAME-0, NAME-1, ...', NAME_CHARACTERS),
      'namespaced',
    ),
    spec: {
      type: 'object',
      description: 'What runs and how it is reached.',
      properties: specFields,
      'x-kubernetes-validations': [oneOf(['addresses', 'command'], 'expected exactly one of command and addresses')],
    },
  },
}
