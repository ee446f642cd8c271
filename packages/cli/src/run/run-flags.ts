import { formatNameKey } from '@heddle/api/destination-key'
import { formatHostPort, parseIpPort } from '@heddle/base/host-port'
import { InvalidArgumentError } from 'commander'
import type { SidecarPort } from '../instance/proxy-environment.ts'
import type { Mode } from '../site/site.ts'

/** A destination of the application, and the variable that tells it where to reach that. */
export interface RunUpstream {
  /** `name:SERVICE.NAMESPACE:PORT` */
  readonly key: string
  readonly variable: string
}

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/

/**
 * Reads `name=http,port=8080,app=127.0.0.1:8080`, or a port alone; `listen=IP:PORT` is where the proxy listens for it.
 *
 * @throws {InvalidArgumentError}
 */
export function parsePortFlag(text: string): SidecarPort {
  const whole = /^\d+$/.test(text) ? `port=${text}` : text
  const parts = new Map(whole.split(',').map((part) => splitOnce(part, '=')))
  const unknown = [...parts.keys()].find((key) => !['name', 'port', 'app', 'listen'].includes(key))
  if (unknown !== undefined) throw new InvalidArgumentError(`Unknown part "${unknown}".`)
  const port = parsePort(parts.get('port') ?? '')
  const app = parseAddress(parts.get('app') ?? `127.0.0.1:${port}`)
  const name = parts.get('name') ?? String(port)
  const listen = parts.get('listen')
  return { name, port, app, ...(listen === undefined ? {} : { listen: parseAddress(listen) }) }
}

/** Reads `SERVICE.NAMESPACE:PORT=VARIABLE`. @throws {InvalidArgumentError} */
export function parseUpstreamFlag(text: string): RunUpstream {
  const match = /^([a-z0-9-]+)\.([a-z0-9-]+):(\d{1,5})=([A-Za-z_][A-Za-z0-9_]*)$/.exec(text)
  if (match === null) throw new InvalidArgumentError('Expected SERVICE.NAMESPACE:PORT=VARIABLE.')
  const [, service, namespace, port = '', variable = ''] = match
  return { key: formatNameKey({ namespace: namespace!, name: service! }, parsePort(port)), variable }
}

/** Reads `NAME=VALUE`. @throws {InvalidArgumentError} */
export function parseLabelFlag(text: string): readonly [string, string] {
  const [name, value] = splitOnce(text, '=')
  if (name === '' || /[,;\s]/.test(text)) throw new InvalidArgumentError('Expected NAME=VALUE.')
  return [name, value]
}

/** A name of a workload, namespace or service account. @throws {InvalidArgumentError} */
export function parseNameFlag(text: string): string {
  if (text.length <= 253 && NAME.test(text)) return text
  throw new InvalidArgumentError('Expected lower-case letters, digits, inner hyphens and dots.')
}

function parsePort(text: string): number {
  const port = Number(text)
  if (/^\d{1,5}$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new InvalidArgumentError('Expected a port from 1 to 65535, like port=8080.')
}

function parseAddress(text: string): string {
  try {
    return formatHostPort(parseIpPort(text))
  } catch {
    throw new InvalidArgumentError(`Expected IP:PORT, got "${text}".`)
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

interface Reach {
  readonly mode: Mode
  readonly port: readonly unknown[]
  readonly upstream: readonly unknown[]
}

/** What to say of an application that neither reaches anything of the mesh nor is reached; `undefined`: nothing. */
export function reachNote({ mode, port, upstream }: Reach): string | undefined {
  if (mode === 'transparent' || port.length + upstream.length > 0) return undefined
  return 'it reaches no Service: name each by --upstream SERVICE.NAMESPACE:PORT=VARIABLE, or use --mode transparent, where names work'
}
