import { headerName } from './gateway-schema.ts'
import { boundedDuration, policySchema, targetRefs } from './policy-schema.ts'
import { type Schema, wholeFrom } from './schema.ts'
import { exactlyOneOf, someOf } from './schema-rules.ts'

interface RawBalancer {
  readonly type: string
  readonly hashOn?: readonly unknown[]
  readonly ringSize?: number
}

const HASHING = ['RingHash', 'Maglev']

const balancer: Schema = {
  type: 'object',
  description: 'How one of the endpoints is chosen.',
  required: ['type'],
  properties: {
    type: {
      type: 'string',
      enum: ['PeakEWMA', 'LeastRequest', 'RoundRobin', 'Random', 'RingHash', 'Maglev'],
      description:
        '`PeakEWMA`, the default of the mesh: the better of two by recent latency and requests under way. `RingHash` and `Maglev` keep requests with the same hash together.',
    },
    hashOn: {
      type: 'array',
      maxItems: 8,
      description: 'The first of these that a request has is hashed; without any the endpoint is drawn.',
      items: {
        type: 'object',
        description: 'Something of a request.',
        properties: {
          header: { ...headerName, description: 'Value of the header of this name.' },
          cookie: {
            ...headerName,
            description: 'Value of the cookie of this name.',
            'x-heddle-expected': 'the name of a cookie, at most 256 characters',
          },
          queryParam: {
            type: 'string',
            minLength: 1,
            maxLength: 256,
            description: 'Value of the query parameter of this name.',
          },
          sourceAddress: { type: 'boolean', description: "`true`: the client's address." },
        },
        'x-kubernetes-validations': [
          exactlyOneOf(['header', 'cookie', 'queryParam', 'sourceAddress']),
          {
            rule: '!has(self.sourceAddress) || self.sourceAddress',
            fieldPath: '.sourceAddress',
            message: 'expected true; leave it out otherwise',
            holds: (self: { readonly sourceAddress?: boolean }) => self.sourceAddress !== false,
          },
        ],
      },
    },
    ringSize: wholeFrom(
      'Points of each endpoint on the ring of `RingHash`; more share more evenly. 160 when absent.',
      [1, 4096],
    ),
  },
  'x-kubernetes-validations': [
    {
      rule: "(self.type in ['RingHash', 'Maglev']) == (has(self.hashOn) && self.hashOn.size() > 0)",
      fieldPath: '.hashOn',
      message: 'goes with type RingHash and Maglev, and those need it',
      holds: ({ type, hashOn = [] }: RawBalancer) => HASHING.includes(type) === hashOn.length > 0,
    },
    {
      rule: "!has(self.ringSize) || self.type == 'RingHash'",
      fieldPath: '.ringSize',
      message: 'goes with type RingHash only',
      holds: ({ type, ringSize }: RawBalancer) => ringSize === undefined || type === 'RingHash',
    },
  ],
}

const connectionFields: Readonly<Record<string, Schema>> = {
  maxConnectionsPerEndpoint: wholeFrom('Connections of one client to one endpoint.', [1, 65_535]),
  maxRequestsPerEndpoint: wholeFrom('Requests of one client under way at one endpoint.', [1, 1_000_000]),
  maxPendingRequests: wholeFrom('Requests that may wait for a connection.', [1, 1_000_000]),
  connectTimeout: boundedDuration('How long a connection may take to be there.', ['1ms', '1m']),
  maxRequestsPerConnection: wholeFrom('After so many requests a connection is replaced.', [1, 1_000_000_000]),
}

const connections: Schema = {
  type: 'object',
  description: 'Limits of the connections to the endpoints; what is absent is the default in limits.md.',
  properties: connectionFields,
  'x-kubernetes-validations': [someOf(Object.keys(connectionFields))],
}

interface RawOutliers {
  readonly consecutiveFailures: number
  readonly successRateStdevThousandths: number
}

const outlierDetection: Schema = {
  type: 'object',
  description: 'Endpoints that fail get no requests for a while. One always stays.',
  properties: {
    consecutiveFailures: {
      ...wholeFrom('After so many failures in a row; `0`: not by this.', [0, 1000]),
      default: 5,
    },
    successRateStdevThousandths: {
      ...wholeFrom(
        'Where the success rate of an endpoint is so many thousandths of a standard deviation below the mean, such as `1900`; `0`: not by this.',
        [0, 10_000],
      ),
      default: 0,
    },
    successRateMinimumRequests: {
      ...wholeFrom('With fewer requests in an interval an endpoint is not judged by its success rate.', [1, 1_000_000]),
      default: 100,
    },
    interval: { ...boundedDuration('How often success rates are looked at.', ['100ms', '1h']), default: '10s' },
    baseEjection: {
      ...boundedDuration('How long an endpoint is out the first time; the n-th time n times as long.', ['1ms', '1h']),
      default: '30s',
    },
    maxEjection: {
      ...boundedDuration('How long at most; not less than `baseEjection`.', ['1ms', '24h']),
      default: '5m',
    },
    maxEjectionPercent: {
      ...wholeFrom('How many of the endpoints may be out at a time; one may always be.', [1, 100]),
      default: 50,
    },
  },
  'x-kubernetes-validations': [
    {
      rule: 'self.consecutiveFailures > 0 || self.successRateStdevThousandths > 0',
      message: 'says nothing: consecutiveFailures and successRateStdevThousandths are both 0',
      holds: (self: RawOutliers) => self.consecutiveFailures > 0 || self.successRateStdevThousandths > 0,
    },
  ],
}

const locality: Schema = {
  type: 'object',
  description: 'Whether near endpoints go first.',
  properties: {
    mode: {
      type: 'string',
      enum: ['Anywhere', 'PreferClose'],
      default: 'PreferClose',
      description:
        "`PreferClose`: the client's own zone, then its region, then the rest, each as far as it can take it. `Anywhere`: wherever the endpoints are.",
    },
    failoverBelowPercent: {
      ...wholeFrom(
        'Where fewer of the endpoints of a level are usable, the next level gets part of its requests.',
        [1, 100],
      ),
      default: 70,
    },
    panicBelowPercent: {
      ...wholeFrom(
        'Where fewer of all endpoints are usable, all of them are used as if they were; `101`: never.',
        [1, 101],
      ),
      default: 50,
    },
  },
}

const retryBudget: Schema = {
  type: 'object',
  description: 'How many retries there may be, so that they do not make an overload worse. Every client has its own.',
  properties: {
    percent: { ...wholeFrom('Of the requests in the interval.', [0, 100]), default: 20 },
    interval: { ...boundedDuration('How far back is counted.', ['1s', '1h']), default: '10s' },
    minRetryRate: {
      type: 'object',
      description: 'Retries that are allowed however few requests there are.',
      default: { count: 1, interval: '1s' },
      properties: {
        count: { ...wholeFrom('How many; `0`: none.', [0, 1_000_000]), default: 1 },
        interval: { ...boundedDuration('In which time.', ['1s', '1h']), default: '1s' },
      },
    },
  },
}

const hedging: Schema = {
  type: 'object',
  description: 'A second try while the first is under way, for requests that may be sent twice. Off when absent.',
  required: ['after'],
  properties: {
    after: boundedDuration('When there is no answer for so long.', ['1ms', '1h']),
    maxAttempts: { ...wholeFrom('Tries with the first one.', [2, 10]), default: 2 },
  },
}

const aspects: Readonly<Record<string, Schema>> = {
  balancer,
  connections,
  outlierDetection,
  slowStart: boundedDuration('Time in which a new endpoint comes to its whole share.', ['1s', '1h']),
  locality,
  retryBudget,
  hedging,
}

/** `heddle.dev/v1alpha1` BackendPolicy. */
export const backendPolicySchema: Schema = policySchema(
  'BackendPolicy',
  'How clients treat the endpoints of a Service.',
  {
    type: 'object',
    description: 'Its targets and what holds for them; what is absent is as without a policy.',
    required: ['targetRefs'],
    properties: { targetRefs: targetRefs(['Service']), ...aspects },
    'x-kubernetes-validations': [someOf(Object.keys(aspects))],
  },
)
