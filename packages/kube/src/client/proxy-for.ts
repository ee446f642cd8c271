import { isIP } from 'node:net'
import { CidrSet } from '@heddle/base/cidr'

type Env = Readonly<Record<string, string | undefined>>

/** The HTTP proxy that the environment names for a server: `HTTPS_PROXY` or `HTTP_PROXY`, unless `NO_PROXY` excepts it. */
export function proxyFor(server: string, env: Env): string | undefined {
  const { protocol, hostname } = new URL(server)
  const word = protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const proxy = env[word] ?? env[word.toLowerCase()] ?? ''
  if (proxy === '') return undefined
  const host = hostname.replace(/^\[|\]$/g, '')
  if (host === 'localhost' || host === '::1' || host.startsWith('127.')) return undefined
  const exceptions = (env.NO_PROXY ?? env.no_proxy ?? '').split(',').map((part) => part.trim())
  if (exceptions.some((exception) => excepts(exception, host))) return undefined
  return proxy.includes('://') ? proxy : `http://${proxy}`
}

/** As Go reads it, since kubectl does: a range, an address, a domain with all below it, `*`. */
function excepts(exception: string, host: string): boolean {
  if (exception === '') return false
  if (exception === '*') return true
  if (isIP(host) !== 0) return exception === host || (exception.includes('/') && isWithin(exception, host))
  const domain = exception.toLowerCase().replace(/^\*?\./, '')
  return host === domain || host.endsWith(`.${domain}`)
}

function isWithin(range: string, address: string): boolean {
  try {
    return new CidrSet([range]).has(address)
  } catch {
    return false
  }
}
