import { isIP } from 'node:net'
import { parseTcpProbe, type TcpProbe } from '@heddle/api/tcp-probe'
import { type HostPort, parseIpPort } from '@heddle/base/host-port'
import { LIMITS, type LimitName, type Limits } from '../limits.ts'

/** A port of the application. */
export interface ApplicationPort {
  readonly name: string
  /** The port that Services and other workloads know. */
  readonly port: number
  /** Where the application listens; `undefined` (transparent only): where the connection was meant to go. */
  readonly app: HostPort | undefined
  /** Where the proxy listens for it; only in explicit mode. */
  readonly listen: HostPort | undefined
}

/** A local listener whose connections all go to one destination. */
export interface Upstream {
  readonly listen: HostPort
  /** Discovery key: `name:SERVICE.NAMESPACE:PORT` or `address:IP:PORT`. */
  readonly key: string
}

/** Parses `name=http,port=8080,app=127.0.0.1:18080,listen=127.0.0.1:0`; `;` between ports. @throws {RangeError} */
export function parsePorts(text: string): readonly ApplicationPort[] {
  const ports = parseEntries(text, ['name', 'port', 'app', 'listen']).map((entry) => {
    const port = Number(required(entry, 'port'))
    if (!Number.isInteger(port) || port < 1 || port > 65_535) throw new RangeError(`port=${entry.port}`)
    return {
      name: entry.name ?? String(port),
      port,
      app: entry.app === undefined ? undefined : parseIpPort(entry.app),
      listen: entry.listen === undefined ? undefined : parseIpPort(entry.listen),
    }
  })
  const twice = ports.find((one, index) => ports.findIndex((other) => other.port === one.port) < index)
  if (twice !== undefined) throw new RangeError(`port ${twice.port} is given twice`)
  return ports
}

/** Parses `listen=127.0.0.1:0,key=name:voting-svc.emojivote:8080`; `;` between upstreams. @throws {RangeError} */
export function parseUpstreams(text: string): readonly Upstream[] {
  return parseEntries(text, ['listen', 'key']).map((entry) => {
    const key = required(entry, 'key')
    if (!/^(name:[^\s:]+|address:\S+):\d{1,5}$/.test(key)) throw new RangeError(`key=${key}`)
    return { listen: parseIpPort(required(entry, 'listen')), key }
  })
}

/** Parses `a=b,c=d`. @throws {RangeError} */
export function parseLabels(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {}
  for (const part of text.split(',').filter((some) => some !== '')) {
    const at = part.indexOf('=')
    if (at < 1) throw new RangeError(`${JSON.stringify(part)} is not NAME=VALUE`)
    labels[part.slice(0, at)] = part.slice(at + 1)
  }
  return labels
}

/** Parses `connectMs=500,connections=1000`; names are those of {@link LIMITS}. @throws {RangeError} */
export function parseLimits(text: string): Partial<Limits> {
  const limits: Partial<Record<LimitName, number>> = {}
  for (const [name, value] of Object.entries(parseLabels(text))) {
    if (!Object.hasOwn(LIMITS, name)) throw new RangeError(`there is no limit ${JSON.stringify(name)}`)
    if (!/^\d{1,9}$/.test(value) || Number(value) === 0) throw new RangeError(`${name}=${value}`)
    limits[name as LimitName] = Number(value)
  }
  return limits
}

/** Parses IP addresses with `,` between. @throws {RangeError} */
export function parseIpList(text: string): readonly string[] {
  const addresses = text.split(',').filter((address) => address !== '')
  const wrong = addresses.find((address) => isIP(address) === 0)
  if (wrong !== undefined) throw new RangeError(`${wrong} is no IP address`)
  return addresses
}

/** Parses `8080/1,5432/5`: the port, and how long a kubelet waits in seconds. @throws {RangeError} */
export function parseTcpProbes(text: string): readonly TcpProbe[] {
  return text
    .split(',')
    .filter((probe) => probe !== '')
    .map(parseTcpProbe)
}

type Entry<K extends string> = { readonly [P in K]?: string }

function parseEntries<K extends string>(text: string, names: readonly K[]): Entry<K>[] {
  return text
    .split(';')
    .filter((entry) => entry.trim() !== '')
    .map((entry) => parseEntry(entry.trim(), names))
}

function parseEntry<K extends string>(text: string, names: readonly K[]): Entry<K> {
  const entry: { [P in K]?: string } = {}
  for (const part of text.split(',')) {
    const at = part.indexOf('=')
    const name = names.find((some) => some === part.slice(0, at))
    if (at < 1 || name === undefined) throw new RangeError(`${JSON.stringify(part)} is none of ${names.join(', ')}`)
    if (entry[name] !== undefined) throw new RangeError(`${name} is given twice in one entry`)
    entry[name] = part.slice(at + 1)
  }
  return entry
}

function required<K extends string>(entry: Entry<K>, name: K): string {
  const value = entry[name]
  if (value === undefined || value === '') throw new RangeError(`${name} is missing`)
  return value
}
