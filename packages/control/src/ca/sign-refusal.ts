import type { CsrRefusal } from './check-csr.ts'
import type { TokenRefusal } from './join-tokens.ts'
import type { ReviewRefusal } from './review-token.ts'

/** Every way in which a request can be refused; the same words in metrics and logs. */
export type SignRefusal =
  | CsrRefusal
  | TokenRefusal
  | ReviewRefusal
  | 'token_reviews_not_here'
  | 'token_of_another'
  | 'token_needed'
  | 'no_proof'
  | 'foreign_trust_domain'
  | 'reserved_identity'
  | 'too_many_requests'
  | 'authority_unavailable'

/** The names that Connect and gRPC give to kinds of failure. */
export type SignRefusalCode =
  | 'invalid_argument'
  | 'unauthenticated'
  | 'permission_denied'
  | 'resource_exhausted'
  | 'unavailable'

/** What whoever asks is told. */
interface RefusalSpec {
  readonly code: SignRefusalCode
  /** One sentence for the person at the other end; no secret in it. */
  readonly message: string
}

/** What is said of each refusal. */
export const SIGN_REFUSALS: Readonly<Record<SignRefusal, RefusalSpec>> = {
  no_proof: { code: 'unauthenticated', message: 'neither a client certificate nor a token' },
  token_malformed: { code: 'unauthenticated', message: 'the join token is not one: hdl1.ID.SECRET' },
  token_unknown: { code: 'unauthenticated', message: 'the join token is not known here' },
  token_expired: { code: 'unauthenticated', message: 'the join token has expired' },
  token_used: { code: 'unauthenticated', message: 'the join token was used already' },
  service_account_token_malformed: {
    code: 'unauthenticated',
    message: 'the token of the service account is not a JSON Web Token of up to 8 KiB',
  },
  token_review_refused: {
    code: 'unauthenticated',
    message: 'the API server does not accept the token of the service account for audience heddle.dev/identity',
  },
  not_a_service_account: { code: 'unauthenticated', message: 'the token is not that of a service account' },
  token_review_unavailable: { code: 'unavailable', message: 'the API server cannot be asked about the token now' },
  token_review_busy: { code: 'unavailable', message: 'too many tokens are being judged; come back' },
  token_reviews_not_here: {
    code: 'unauthenticated',
    message: 'this control plane is of no cluster and cannot judge tokens of service accounts',
  },
  token_of_another: {
    code: 'permission_denied',
    message: 'the token and the certificate of the connection are of different identities',
  },
  token_needed: {
    code: 'unauthenticated',
    message:
      'a pod renews its certificate with the token of its service account; by the certificate alone only a Workload does',
  },
  foreign_trust_domain: { code: 'permission_denied', message: 'the certificate is of another trust domain' },
  reserved_identity: { code: 'permission_denied', message: 'the identity of the control plane is given to nobody' },
  csr_malformed: { code: 'invalid_argument', message: 'the request is not a PKCS #10 request in DER of up to 4 KiB' },
  csr_key: { code: 'invalid_argument', message: 'the key of the request is not a P-256 key' },
  csr_signature: {
    code: 'invalid_argument',
    message: 'the request is not signed by its key with SHA-256, SHA-384 or SHA-512',
  },
  csr_names: { code: 'invalid_argument', message: 'the request must ask for one URI and no other name' },
  csr_identity: { code: 'permission_denied', message: 'the request asks for an identity that is not the caller’s' },
  too_many_requests: { code: 'resource_exhausted', message: 'this identity asked for too many certificates; wait' },
  authority_unavailable: { code: 'unavailable', message: 'the certificate authority cannot sign now' },
}
