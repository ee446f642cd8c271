import { Agent } from 'node:https'
import { type Client, createClient } from '@connectrpc/connect'
import { createConnectTransport } from '@connectrpc/connect-node'
import { AdminService } from '@heddle/api/admin'
import { IdentityService } from '@heddle/api/identity'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import type { ControlProcess } from './control-process.ts'
import type { ProxyLink } from './simulated-proxy.ts'

/** The admin service of a control plane. */
export function connectAdmin(control: ControlProcess): Client<typeof AdminService> {
  return createClient(AdminService, transportTo(control, { authorization: `Bearer ${control.adminToken}` }))
}

/** Gets a certificate as a workload does, by a join token. */
export async function join(control: ControlProcess, namespace: string, serviceAccount: string): Promise<ProxyLink> {
  const { token } = await connectAdmin(control).createJoinToken({ namespace, serviceAccount, ttlMs: 60_000 })
  const key = await createWorkloadKey()
  const csr = createCsr(key.privateKey, `spiffe://heddle.local/ns/${namespace}/sa/${serviceAccount}`)
  const identity = createClient(IdentityService, transportTo(control, {}))
  const { certificateChainPem } = await identity.sign({ csr, joinToken: token })
  const { host, port } = control.address
  const { trustBundlePem } = control
  return { host, port, trustBundlePem, certificatePem: certificateChainPem, privateKeyPem: key.privateKeyPem }
}

function transportTo(control: ControlProcess, headers: Readonly<Record<string, string>>) {
  const agent = new Agent({ ca: control.trustBundlePem, keepAlive: true })
  return createConnectTransport({
    baseUrl: `https://${control.address.host}:${control.address.port}`,
    httpVersion: '1.1',
    nodeOptions: { agent },
    interceptors: [
      (next) => (request) => {
        for (const [name, value] of Object.entries(headers)) request.header.set(name, value)
        return next(request)
      },
    ],
  })
}
