import type { ErrorSpec } from './error-spec.ts'

/** Ways to fail that a FaultPolicy asks for. */
export const FAULT_ERRORS = {
  fault_abort: {
    status: 503,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'fault_injection',
    meaning: 'A FaultPolicy lets this request fail, on purpose, with the status that it names.',
    hint: 'The log of the proxy names the policy; it ends by itself at its `until`.',
  },
  fault_reset: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'fault_injection',
    meaning: 'A FaultPolicy breaks this request off, on purpose: the client gets no answer.',
    hint: 'The log of the proxy names the policy; it ends by itself at its `until`.',
  },
  fault_truncate: {
    status: 502,
    grpc: 'UNAVAILABLE',
    retryable: false,
    source: 'fault_injection',
    meaning: 'A FaultPolicy breaks the answer off in the middle of its body, on purpose.',
    hint: 'The log of the proxy names the policy; it ends by itself at its `until`.',
  },
} as const satisfies Record<string, ErrorSpec>
