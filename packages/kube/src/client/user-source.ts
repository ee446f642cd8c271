import { ConfigError } from '@heddle/base/config-error'
import type { UserProof, UserSource } from './credentialed-access.ts'
import { execSource } from './exec-source.ts'
import type { ChosenContext } from './file-access.ts'
import { FileText } from './file-text.ts'
import type { AccessWorld } from './kubeconfig.ts'
import type { Impersonation, UserEntry } from './kubeconfig-entries.ts'

/** Where the proof of a kubeconfig's user comes from. */
export function createUserSource(chosen: ChosenContext, world: AccessWorld): UserSource {
  const { user } = chosen
  const source = baseSource(chosen, world)
  const headers = impersonationHeaders(user.impersonation)
  return {
    async get() {
      const proof = await source.get()
      return { ...proof, headers: { ...proof.headers, ...headers } }
    },
    forget: source.forget,
  }
}

/** What a user says once more beside its credentials: whom it acts as. */
export function impersonationHeaders({ user, uid, groups, extra }: Impersonation): UserProof['headers'] {
  const extras = Object.entries(extra).map(([key, values]) => [`Impersonate-Extra-${encodeURIComponent(key)}`, values])
  return {
    ...(user === undefined ? {} : { 'Impersonate-User': user }),
    ...(uid === undefined ? {} : { 'Impersonate-Uid': uid }),
    ...(groups.length === 0 ? {} : { 'Impersonate-Group': groups }),
    ...Object.fromEntries(extras),
  }
}

function baseSource(chosen: ChosenContext, world: AccessWorld): UserSource {
  const { user } = chosen
  const certificate = certificateSource(user, world)
  if (user.exec !== undefined && user.token === undefined && user.tokenFile === undefined) {
    return joined(certificate, execSource(user.exec, chosen, world))
  }
  return joined(certificate, tokenSource(user, world))
}

/** A client certificate and what identifies the request may go together. */
function joined(first: UserSource, second: UserSource): UserSource {
  return {
    async get() {
      const one = await first.get()
      return { ...one, ...(await second.get()) }
    },
    forget() {
      first.forget()
      second.forget()
    },
  }
}

/** A file's token goes before one in the entry, which goes before name and password, as with kubectl. */
function tokenSource({ token, tokenFile, username, password }: UserEntry, { clock }: AccessWorld): UserSource {
  if (tokenFile !== undefined) {
    const file = new FileText(tokenFile, clock)
    return { get: async () => bearer((await file.read()).trim()), forget: () => file.forget() }
  }
  if (token !== undefined) return constant(bearer(token))
  if (username === undefined) return constant({ headers: {} })
  const basic = Buffer.from(`${username}:${password ?? ''}`).toString('base64')
  return constant({ headers: { Authorization: `Basic ${basic}` } })
}

function certificateSource(user: UserEntry, { clock }: AccessWorld): UserSource {
  const cert = pemSource(user.certData, user.certFile, clock)
  const key = pemSource(user.keyData, user.keyFile, clock)
  if (cert === undefined && key === undefined) return constant({ headers: {} })
  if (cert === undefined || key === undefined) {
    throw new ConfigError([`user ${user.name}: a client certificate needs its key, and the other way round`])
  }
  return {
    get: async () => ({ headers: {}, cert: await cert.read(), key: await key.read() }),
    forget() {
      cert.forget()
      key.forget()
    },
  }
}

function pemSource(data: string | undefined, file: string | undefined, clock: AccessWorld['clock']) {
  if (data !== undefined) {
    const pem = Buffer.from(data, 'base64').toString()
    return { read: async () => pem, forget() {} }
  }
  return file === undefined ? undefined : new FileText(file, clock)
}

function constant(proof: UserProof): UserSource {
  return { get: async () => proof, forget() {} }
}

function bearer(token: string): UserProof {
  return { headers: { Authorization: `Bearer ${token}` } }
}
