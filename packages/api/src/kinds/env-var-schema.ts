import { argument } from './argument-schema.ts'
import { dnsLabel, portName, portReference, type Schema } from './schema.ts'
import { exactlyOneOf } from './schema-rules.ts'

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

/** An entry of a Workload's `spec.env`. */
export const envVar: Schema = {
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
        exactlyOneOf(['serviceRef', 'portRef', 'fieldRef'], 'expected exactly one of serviceRef, portRef and fieldRef'),
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
