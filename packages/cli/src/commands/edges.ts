import type { Edge, EdgesResponse } from '@heddle/api/admin'
import type { ControlClient } from '../client/control-client.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import type { Style } from '../output/style.ts'
import { type Column, formatTable } from '../output/table.ts'
import { type PlacedChoice, requireKnown } from './known-resource.ts'
import { describeChoice, parseResource, type ResourceChoice } from './resource-argument.ts'
import { addListOptions, chosenNamespace, type ListOptions } from './resource-options.ts'
import { isNamespaced } from './stat/stat-view.ts'

/** `heddle edges`: who talked to whom in the last minutes, as whom, and whether it was encrypted. */
export const edges: Command = {
  register(program, deps) {
    const command = program
      .command('edges')
      .description('Show who talks to whom, with the identities of both ends and whether it is mTLS.')
      .argument('[resource]', 'deploy, pod or ns; or deploy/NAME', 'deploy')
      .argument('[name]', 'name of the one to show')
    addListOptions(command).action((resource: string, name: string | undefined, options: ListOptions) =>
      runEdges(parseResource(resource, name), options, deps),
    )
  },
}

async function runEdges(choice: ResourceChoice, options: ListOptions, deps: CliDeps): Promise<void> {
  const { terminal } = deps
  const namespace = isNamespaced(choice.kind) ? chosenNamespace(options) : ''
  const client = await deps.connect()
  const answer = await askEdges(client, { ...choice, namespace }).finally(() => client.close())
  if (options.output === 'json') {
    terminal.write(formatJson(answer.edges.map(toEdgeJson)))
    return
  }
  if (answer.edges.length === 0) {
    terminal.note(`no traffic of ${describeChoice(choice, namespace)} in the last minutes`)
    return
  }
  const isWide = options.output === 'wide'
  terminal.write(formatTable(edgeColumns(terminal.style, isWide ? formatWhole : formatShort), answer.edges))
}

/** @throws {CliError} when a resource that was named does not exist */
async function askEdges(client: ControlClient, resource: PlacedChoice): Promise<EdgesResponse> {
  const answer = await client.admin.edges({ resource })
  if (answer.edges.length === 0) await requireKnown(client, resource)
  return answer
}

/** One element of `edges -o json`. */
interface EdgeJson {
  readonly src: string
  readonly src_namespace: string
  readonly dst: string
  readonly dst_namespace: string
  readonly client_id: string
  readonly server_id: string
  readonly secured: boolean
  /** Why it is not secured; empty when it is. */
  readonly reason: string
}

function toEdgeJson(edge: Edge): EdgeJson {
  return {
    src: edge.src,
    src_namespace: edge.srcNamespace,
    dst: edge.dst,
    dst_namespace: edge.dstNamespace,
    client_id: edge.clientIdentity,
    server_id: edge.serverIdentity,
    secured: edge.secured,
    reason: edge.reason,
  }
}

function edgeColumns(style: Style, formatId: (identity: string) => string): readonly Column<Edge>[] {
  return [
    { title: 'SRC', cell: ({ src }) => src },
    { title: 'DST', cell: ({ dst }) => dst },
    { title: 'SRC_NS', cell: ({ srcNamespace }) => srcNamespace },
    { title: 'DST_NS', cell: ({ dstNamespace }) => dstNamespace },
    { title: 'CLIENT_ID', cell: ({ clientIdentity }) => formatId(clientIdentity) },
    { title: 'SERVER_ID', cell: ({ serverIdentity }) => formatId(serverIdentity) },
    { title: 'SECURED', cell: ({ secured, reason }) => (secured ? style.green('√') : style.red(`× ${reason}`.trim())) },
  ]
}

const SPIFFE_ID = /^spiffe:\/\/[^/]+\/ns\/([^/]+)\/sa\/([^/]+)$/

/** `web.emojivote` of `spiffe://heddle.local/ns/emojivote/sa/web`; `-o wide` and `-o json` have the whole. */
function formatShort(identity: string): string {
  return identity.replace(SPIFFE_ID, '$2.$1')
}

function formatWhole(identity: string): string {
  return identity
}
