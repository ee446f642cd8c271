import { portReference, type Schema, seconds, wholeFrom } from './schema.ts'
import { exactlyOneOf } from './schema-rules.ts'

/** A Workload's `spec.healthCheck`. */
export const healthCheck: Schema = {
  type: 'object',
  description: 'How to find out whether an instance should get traffic; absent: it should once it runs.',
  'x-kubernetes-validations': [exactlyOneOf(['httpGet', 'tcpSocket'], 'expected exactly one of httpGet and tcpSocket')],
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
      ...wholeFrom('Failures in a row after which the instance gets no more traffic.', [1, 1000]),
      default: 3,
    },
    successThreshold: { ...wholeFrom('Successes in a row after which it gets traffic again.', [1, 1000]), default: 1 },
  },
}
