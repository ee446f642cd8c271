import { argument, NUL_FREE } from './argument-schema.ts'
import { envVar } from './env-var-schema.ts'
import { healthCheck } from './health-check-schema.ts'
import { canonicalIp } from './ip-address.ts'
import { objectMetaSchema } from './object-meta-schema.ts'
import { appProtocol, dnsLabel, portName, portNumber, type Schema, seconds, text, wholeFrom } from './schema.ts'
import { exactlyOneOf } from './schema-rules.ts'

/** Room for "-" and the number of an instance within one DNS label. */
const NAME_CHARACTERS = 57

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
  replicas: { ...wholeFrom('How many instances of the command run.', [0, 1000]), default: 1 },
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
      'x-kubernetes-validations': [
        exactlyOneOf(['addresses', 'command'], 'expected exactly one of command and addresses'),
      ],
    },
  },
}
