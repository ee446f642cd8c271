import { GRPC_STATUS_NAMES } from '../grpc-status.ts'
import { headerName, headerValue } from './gateway-schema.ts'
import { boundedDuration, policySchema, targetRefs } from './policy-schema.ts'
import { oneShare, shareFields } from './route-filters-schema.ts'
import { type Schema, wholeFrom } from './schema.ts'
import { exactlyOneOf } from './schema-rules.ts'

const actions: Readonly<Record<string, Schema>> = {
  delay: boundedDuration('Waits before the request goes on.', ['1ms', '10m']),
  abortStatus: wholeFrom('Answers with this status instead.', [400, 599]),
  abortGrpcStatus: {
    type: 'string',
    enum: GRPC_STATUS_NAMES.filter((name) => name !== 'OK'),
    description: 'Ends the call with this status of gRPC instead.',
  },
  reset: { type: 'boolean', description: '`true`: breaks the stream off, or the connection under HTTP/1.' },
  throttleBytesPerSecond: wholeFrom("Lets so many bytes of the answer's body through per second.", [1, 1_000_000_000]),
  truncateBodyBytes: wholeFrom('Breaks the answer off behind so many bytes of its body.', [0, 1_000_000_000]),
}

const fault: Schema = {
  type: 'object',
  description: 'One thing that goes wrong.',
  properties: {
    ...shareFields('Share of the requests that it happens to'),
    exact: {
      type: 'boolean',
      default: false,
      description: '`true`: exactly the share of each run of requests, evenly spread, instead of by chance.',
    },
    headers: {
      type: 'array',
      maxItems: 16,
      description: 'Only requests that have all of these.',
      'x-heddle-unique': [['name']],
      items: {
        type: 'object',
        description: 'A header.',
        required: ['name', 'value'],
        properties: {
          type: {
            type: 'string',
            enum: ['Exact', 'RegularExpression'],
            default: 'Exact',
            description: '`RegularExpression`: RE2, on the whole value.',
          },
          name: { ...headerName, description: 'Name of the header, in any case.' },
          value: { ...headerValue, description: 'Its value.' },
        },
      },
    },
    ...actions,
  },
  'x-kubernetes-validations': [
    oneShare,
    exactlyOneOf(Object.keys(actions)),
    {
      rule: '!has(self.reset) || self.reset',
      fieldPath: '.reset',
      message: 'expected true; leave it out otherwise',
      holds: (self: { readonly reset?: boolean }) => self.reset !== false,
    },
  ],
}

/** `heddle.dev/v1alpha1` FaultPolicy. */
export const faultPolicySchema: Schema = policySchema(
  'FaultPolicy',
  'What is made to go wrong with the requests of a Service or a route, for a test, until a given time.',
  {
    type: 'object',
    description: 'Its targets, its end, and what goes wrong.',
    required: ['targetRefs', 'until', 'faults'],
    properties: {
      targetRefs: targetRefs(['Service', 'HTTPRoute', 'GRPCRoute']),
      until: {
        type: 'string',
        format: 'date-time',
        description:
          'The end, such as `2026-01-31T12:00:00Z`: nothing goes wrong from then on. So no fault is forgotten.',
      },
      seed: {
        ...wholeFrom('The same seed makes the same requests of a run fail.', [0, 2_147_483_647]),
        default: 0,
      },
      faults: {
        type: 'array',
        minItems: 1,
        maxItems: 16,
        description: 'Of each sort the first one that applies is used.',
        items: fault,
      },
    },
  },
)
