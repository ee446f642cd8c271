import { spawn } from 'node:child_process'
import { ConfigError } from '@heddle/base/config-error'
import type { UserProof, UserSource } from './credentialed-access.ts'
import { startDeadline } from './deadline.ts'
import type { ChosenContext } from './file-access.ts'
import type { AccessWorld } from './kubeconfig.ts'
import type { ExecEntry } from './kubeconfig-entries.ts'

/** A person may have to log in by a browser. */
const LOGIN_MS = 5 * 60_000
/** A token and a certificate with its key are far smaller. */
const MOST_BYTES = 1024 * 1024

interface Credential {
  readonly proof: UserProof
  /** Unix epoch; `undefined`: good until it is refused. */
  readonly expiresAtMs: number | undefined
}

/**
 * Credentials of a plugin (client.authentication.k8s.io), which is run when there are none yet, when they expired and when they were
 * refused. What it writes to stderr is the user's to see, and so is its question at the terminal.
 */
export function execSource(exec: ExecEntry, chosen: ChosenContext, world: AccessWorld): UserSource {
  let held: Promise<Credential> | undefined
  const start = () => {
    const started = runPlugin(exec, chosen, world)
    held = started
    started.catch(() => {
      if (held === started) held = undefined
    })
    return started
  }
  return {
    async get() {
      // Calls that come together wait for one run.
      const found = held ?? start()
      const credential = await found
      if (!isExpired(credential, world)) return credential.proof
      return (await (held === found || held === undefined ? start() : held)).proof
    },
    forget() {
      held = undefined
    },
  }
}

function isExpired({ expiresAtMs }: Credential, { clock }: AccessWorld): boolean {
  return expiresAtMs !== undefined && expiresAtMs <= clock.nowMs()
}

async function runPlugin(exec: ExecEntry, chosen: ChosenContext, world: AccessWorld): Promise<Credential> {
  const title = `the credential plugin of user ${chosen.user.name} failed`
  const hint = exec.installHint === undefined ? [] : [exec.installHint.trim()]
  try {
    return parseCredential(await outputOf(exec, execInfo(exec, chosen), world), exec)
  } catch (error) {
    throw new ConfigError([`${exec.command}: ${(error as Error).message}`, ...hint], title)
  }
}

function outputOf(exec: ExecEntry, info: string, { env, clock }: AccessWorld): Promise<string> {
  const added = Object.fromEntries(exec.env.map(({ name, value }) => [name, value]))
  const deadline = startDeadline(clock, LOGIN_MS)
  const child = spawn(exec.command, exec.args, {
    env: { ...env, ...added, KUBERNETES_EXEC_INFO: info },
    stdio: [mayAsk(exec) ? 'inherit' : 'ignore', 'pipe', 'inherit'],
    signal: deadline.signal,
  })
  return new Promise<string>((resolve, reject) => {
    let output = ''
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (output.length > MOST_BYTES) child.kill()
    })
    child.on('error', (error) => reject(deadline.signal.aborted ? new Error('it did not end in time') : error))
    child.on('close', (code, signal) => {
      if (output.length > MOST_BYTES) return reject(new Error(`its answer has more than ${MOST_BYTES} bytes`))
      if (code === 0) return resolve(output)
      reject(new Error(signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`))
    })
  }).finally(() => deadline.end())
}

function mayAsk({ interactiveMode }: ExecEntry): boolean {
  return interactiveMode !== 'Never' && process.stdin.isTTY === true
}

/** What the plugin is told: which answer is expected, whether it may ask, and the cluster where it wants to know. */
function execInfo(exec: ExecEntry, { cluster }: ChosenContext): string {
  const { server, caData, tlsServerName, skipTlsVerify, proxyUrl } = cluster
  const told = {
    server,
    'certificate-authority-data': caData,
    'tls-server-name': tlsServerName,
    'insecure-skip-tls-verify': skipTlsVerify,
    'proxy-url': proxyUrl,
  }
  const spec = { interactive: mayAsk(exec), ...(exec.provideClusterInfo ? { cluster: told } : {}) }
  return JSON.stringify({ apiVersion: exec.apiVersion, kind: 'ExecCredential', spec })
}

interface ExecCredential {
  readonly kind?: unknown
  readonly apiVersion?: unknown
  readonly status?: {
    readonly token?: string
    readonly clientCertificateData?: string
    readonly clientKeyData?: string
    readonly expirationTimestamp?: string
  }
}

function parseCredential(output: string, exec: ExecEntry): Credential {
  let credential: ExecCredential
  try {
    credential = JSON.parse(output)
  } catch {
    throw new Error('its answer is not JSON')
  }
  if (credential?.kind !== 'ExecCredential' || credential.apiVersion !== exec.apiVersion) {
    throw new Error(`its answer is not an ExecCredential of ${exec.apiVersion}`)
  }
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = credential.status ?? {}
  if (token === undefined && (cert === undefined || key === undefined)) {
    throw new Error('its answer has neither a token nor a certificate with its key')
  }
  return {
    proof: {
      headers: token === undefined ? {} : { Authorization: `Bearer ${token}` },
      ...(cert === undefined || key === undefined ? {} : { cert, key }),
    },
    expiresAtMs: expirationTimestamp === undefined ? undefined : Date.parse(expirationTimestamp),
  }
}
