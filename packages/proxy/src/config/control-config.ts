import { type HostPort, parseHostPort } from '@heddle/base/host-port'
import { messageOf } from '@heddle/base/message-of'
import { readPemCertificates } from '@heddle/identity/certificate'
import { parseSpiffeId } from '@heddle/identity/spiffe-id'
import type { VariableTable } from './env-reader.ts'
import { filePath, optional, syntax } from './variable.ts'

/** Where the control plane is, and how either side proves who it is. */
export interface ControlConfig {
  readonly controlAddress: HostPort
  /** SPIFFE id that the control plane must prove; `undefined`: `controlIdentityOf(trustDomain)`. */
  readonly controlIdentity: string | undefined
  /** PEM; exactly one of it and the file is set. */
  readonly trustBundle: string | undefined
  readonly trustBundleFile: string | undefined
  readonly trustBundleCacheFile: string | undefined
  readonly joinTokenFile: string | undefined
  readonly serviceAccountTokenFile: string | undefined
}

/** Names and defaults of {@link ControlConfig}. */
export const CONTROL_VARIABLES: VariableTable<ControlConfig> = {
  controlAddress: syntax(
    'HEDDLE_CONTROL_ADDRESS',
    { expects: '`HOST:PORT`', about: 'Where the control plane listens.' },
    parseHostPort,
  ),
  controlIdentity: optional(
    syntax(
      'HEDDLE_CONTROL_IDENTITY',
      {
        expects: 'a SPIFFE id like `spiffe://heddle.local/ns/heddle/sa/control-plane`',
        about:
          'SPIFFE id that the control plane must prove; unset: `spiffe://TRUST_DOMAIN/ns/heddle/sa/control-plane`.',
      },
      parseSpiffeText,
    ),
  ),
  trustBundle: optional(
    syntax(
      'HEDDLE_TRUST_BUNDLE',
      {
        expects: 'certificates in PEM',
        about:
          'Certificates that the control plane is verified by at the first connection; later ones come from it. Exactly one of this and `HEDDLE_TRUST_BUNDLE_FILE` must be set.',
      },
      parseBundle,
    ),
  ),
  trustBundleFile: optional(
    filePath('HEDDLE_TRUST_BUNDLE_FILE', { about: 'The same in a file, which is read at the start.' }),
  ),
  trustBundleCacheFile: optional(
    filePath('HEDDLE_TRUST_BUNDLE_CACHE_FILE', {
      about:
        'Where the proxy keeps the certificates that the control plane told it last; unset: nowhere. A proxy that is started again uses them in place of the bundle that it is given, as long as it is given the same one. Nobody else may write there; nothing in it is secret.',
    }),
  ),
  joinTokenFile: optional(
    filePath('HEDDLE_JOIN_TOKEN_FILE', {
      about:
        'File with the join token. Read when the proxy asks for its first certificate, and again only if that certificate ran out.',
    }),
  ),
  serviceAccountTokenFile: optional(
    filePath('HEDDLE_SERVICE_ACCOUNT_TOKEN_FILE', {
      about:
        "Kubernetes, in place of a join token: file with a token of the pod's service account for the audience `heddle.dev/identity`. Read anew for each certificate, first or later.",
    }),
  ),
}

/** What is missing of the proofs, or is there twice. */
export function findProofProblems(config: ControlConfig): string[] {
  const problems: string[] = []
  const bundles = [config.trustBundle, config.trustBundleFile].filter((one) => one !== undefined)
  if (bundles.length !== 1) {
    const found = bundles.length === 0 ? 'neither' : 'both'
    problems.push(`HEDDLE_TRUST_BUNDLE and HEDDLE_TRUST_BUNDLE_FILE: ${found} of them set, expected exactly one`)
  }
  if (config.joinTokenFile !== undefined && config.serviceAccountTokenFile !== undefined) {
    problems.push('HEDDLE_JOIN_TOKEN_FILE and HEDDLE_SERVICE_ACCOUNT_TOKEN_FILE: only one of them can be set')
  }
  return problems
}

function parseBundle(text: string): string {
  try {
    readPemCertificates(text)
    return text
  } catch (error) {
    throw new RangeError(messageOf(error))
  }
}

function parseSpiffeText(text: string): string {
  if (parseSpiffeId(text) === undefined) throw new RangeError()
  return text
}
