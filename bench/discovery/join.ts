import { once } from 'node:events'
import { Agent, request } from 'node:https'
import { json } from 'node:stream/consumers'
import type { ApplyObjectsRequestJson, CreateJoinTokenResponseJson } from '@heddle/api/admin'
import type { SignResponseJson } from '@heddle/api/identity'
import { createCsr } from '@heddle/identity/csr'
import { createWorkloadKey } from '@heddle/identity/key-pair'
import type { ControlProcess } from './control-process.ts'
import type { ProxyLink } from './simulated-proxy.ts'

/** Gets a certificate as a workload does, by a join token. */
export async function join(control: ControlProcess, namespace: string, serviceAccount: string): Promise<ProxyLink> {
  const wanted = { namespace, serviceAccount, ttlMs: 60_000 }
  const { token } = (await call(
    control,
    'admin.v1.AdminService/CreateJoinToken',
    wanted,
  )) as CreateJoinTokenResponseJson
  return joinBy(control, `spiffe://heddle.local/ns/${namespace}/sa/${serviceAccount}`, { joinToken: token })
}

/** Gets a certificate as a workload does. @param shown - proves who it is */
export async function joinBy(
  control: ControlProcess,
  spiffeId: string,
  shown: { readonly joinToken?: string | undefined; readonly serviceAccountToken?: string },
): Promise<ProxyLink> {
  const key = await createWorkloadKey()
  const csr = createCsr(key.privateKey, spiffeId)
  const proof = { csr: Buffer.from(csr).toString('base64'), ...shown }
  const signed = (await call(control, 'identity.v1.IdentityService/Sign', proof)) as SignResponseJson
  const { host, port } = control.address
  const { trustBundlePem } = control
  const { certificateChainPem = '' } = signed
  return { host, port, trustBundlePem, certificatePem: certificateChainPem, privateKeyPem: key.privateKeyPem }
}

/** Writes objects by the admin service. */
export async function applyObjects(control: ControlProcess, edit: ApplyObjectsRequestJson): Promise<void> {
  await call(control, 'admin.v1.AdminService/ApplyObjects', edit)
}

/** A call of Connect's JSON protocol, with the admin token. */
async function call(control: ControlProcess, method: string, message: object): Promise<unknown> {
  const { address, trustBundlePem, adminToken } = control
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${adminToken}` }
  const agent = new Agent({ ca: trustBundlePem })
  const sent = request({ ...address, agent, method: 'POST', path: `/heddle.${method}`, headers })
  sent.end(JSON.stringify(message))
  const [response] = await once(sent, 'response')
  const answer = await json(response)
  if (response.statusCode !== 200) throw new Error(`${method}: ${JSON.stringify(answer)}`)
  return answer
}
