import type { ListEndpointsResponse, ServiceEndpoint } from '@heddle/api/admin'
import { CliError } from '../cli-error.ts'
import type { ControlClient } from '../client/control-client.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import type { Style } from '../output/style.ts'
import { type Column, formatTable } from '../output/table.ts'
import { addListOptions, chosenNamespace, type ListOptions } from './resource-options.ts'

/** `heddle endpoints`: the addresses behind Services, as proxies are told. */
export const endpoints: Command = {
  register(program, deps) {
    const command = program
      .command('endpoints')
      .description('Show the endpoints of Services: address, readiness and identity of each.')
      .argument('[service]', 'name of a Service, or NAME:PORT, NAME.NAMESPACE:PORT; all unless stated')
    addListOptions(command).action((service: string | undefined, options: ListOptions) =>
      runEndpoints(service, options, deps),
    )
  },
}

async function runEndpoints(service: string | undefined, options: ListOptions, deps: CliDeps): Promise<void> {
  const { terminal } = deps
  const wanted = parseAuthority((service ?? '').replace(SERVICE_KIND, ''), chosenNamespace(options))
  const client = await deps.connect()
  const answer = await askEndpoints(wanted, client).finally(() => client.close())
  if (options.output === 'json') {
    terminal.write(formatJson(answer.endpoints.map(toEndpointJson)))
    return
  }
  if (answer.endpoints.length === 0) {
    terminal.note('no endpoints; other namespaces are shown with -n NAME or -A')
    return
  }
  const isWide = options.output === 'wide'
  terminal.write(formatTable(endpointColumns(terminal.style), answer.endpoints, { isWide }))
}

/** Whoever is used to kubectl names what a name is of. */
const SERVICE_KIND = /^(svc|services?)\//

/** @throws {CliError} for one Service that has none, with the reason */
async function askEndpoints(wanted: Authority, { admin }: ControlClient): Promise<ListEndpointsResponse> {
  const answer = await admin.listEndpoints(wanted)
  if (answer.endpoints.length > 0 || wanted.service === '') return answer
  const { service, namespace, port } = wanted
  const { services } = await admin.listServices({ namespace })
  const known = services.find(({ name }) => name === service)
  if (known === undefined)
    throw new CliError(`no service "${service}" in namespace "${namespace}"`, {
      hints: ['see "heddle get svc -A"; one of another namespace is NAME.NAMESPACE'],
    })
  if (port !== 0 && !known.ports.includes(port))
    throw new CliError(`service "${service}" has no port ${port}`, { hints: [`it has ${known.ports.join(', ')}`] })
  throw new CliError(`service "${service}" has no endpoints`, {
    hints: [
      'its selector matches nothing that runs, or its targetPort is no port of what it matches',
      `compare "heddle get svc ${service} -n ${namespace} -o yaml" with labels and ports of the workloads`,
    ],
  })
}

/** What of a Service is asked for; empty and 0 mean all. */
export interface Authority {
  readonly namespace: string
  readonly service: string
  readonly port: number
}

/**
 * Reads `NAME`, `NAME:PORT`, `NAME.NAMESPACE` or `NAME.NAMESPACE:PORT`; what DNS adds behind the namespace is taken as well.
 *
 * @throws {CliError}
 */
export function parseAuthority(text: string, namespace: string): Authority {
  if (text === '') return { namespace, service: '', port: 0 }
  const match = /^([a-z0-9-]+)(?:\.([a-z0-9-]+)(?:\.svc[a-z0-9.-]*)?)?(?::(\d{1,5}))?$/.exec(text)
  if (match === null) throw new CliError(`"${text}": expected NAME, NAME:PORT or NAME.NAMESPACE:PORT`)
  return { service: match[1]!, namespace: match[2] ?? namespace, port: Number(match[3] ?? 0) }
}

/** One element of `endpoints -o json`. */
interface EndpointJson {
  readonly namespace: string
  readonly ip: string
  readonly port: number
  readonly pod: string
  readonly service: string
  readonly service_port: number
  readonly ready: boolean
  readonly reason: string
  readonly identity: string
  readonly weight: number
  readonly region: string
  readonly zone: string
  readonly node: string
}

function toEndpointJson(row: ServiceEndpoint): EndpointJson {
  const { endpoint } = row
  return {
    namespace: row.namespace,
    ip: endpoint?.address ?? '',
    port: endpoint?.port ?? 0,
    pod: endpoint?.instance ?? '',
    service: row.service,
    service_port: row.servicePort,
    ready: row.ready,
    reason: row.reason,
    identity: endpoint?.identity ?? '',
    weight: endpoint?.weight ?? 0,
    region: endpoint?.locality?.region ?? '',
    zone: endpoint?.locality?.zone ?? '',
    node: row.host,
  }
}

function endpointColumns(style: Style): readonly Column<ServiceEndpoint>[] {
  return [
    { title: 'NAMESPACE', cell: ({ namespace }) => namespace },
    { title: 'IP', cell: ({ endpoint }) => endpoint?.address ?? '' },
    { title: 'PORT', cell: ({ endpoint }) => String(endpoint?.port ?? ''), align: 'right' },
    { title: 'POD', cell: ({ endpoint }) => endpoint?.instance ?? '' },
    { title: 'SERVICE', cell: ({ namespace, service, servicePort }) => `${service}.${namespace}:${servicePort}` },
    { title: 'READY', cell: ({ ready, reason }) => (ready ? style.green('yes') : style.red(`no: ${reason}`)) },
    { title: 'IDENTITY', cell: ({ endpoint }) => endpoint?.identity ?? '' },
    { title: 'WEIGHT', cell: ({ endpoint }) => String(endpoint?.weight ?? ''), align: 'right', isWide: true },
    { title: 'ZONE', cell: ({ endpoint }) => endpoint?.locality?.zone ?? '', isWide: true },
    { title: 'NODE', cell: ({ host }) => host, isWide: true },
  ]
}
