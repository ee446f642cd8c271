import type { WorkloadInstance } from '@heddle/api/admin'
import { CliError } from '../cli-error.ts'
import type { CliDeps, Command } from '../command.ts'
import { formatJson } from '../output/json.ts'
import type { Style } from '../output/style.ts'
import { type Column, formatTable } from '../output/table.ts'
import { formatRemaining, toIsoTime } from './certificate-life.ts'
import { parseResource } from './resource-argument.ts'
import { addListOptions, chosenNamespace, type ListOptions } from './resource-options.ts'
import { describeChange } from './root/describe-root.ts'

/** `heddle identity`: the certificates in use and how long they still live. */
export const identity: Command = {
  register(program, deps) {
    const command = program
      .command('identity')
      .description('Show the certificate of each workload and its remaining life.')
      .argument('[name]', 'a Workload, or one of its instances; all unless stated')
    addListOptions(command).action((name: string | undefined, options: ListOptions) => runIdentity(name, options, deps))
  },
}

async function runIdentity(word: string | undefined, options: ListOptions, deps: CliDeps): Promise<void> {
  // Whoever is used to kubectl names what a name is of.
  const name = word?.includes('/') ? parseResource(word).name : word
  const { terminal, clock } = deps
  const client = await deps.connect()
  const namespace = chosenNamespace(options)
  // Certificates tell more to who knows that their root is changed; without it they are worth as much.
  const asked = client.admin.getHealth({}).catch(() => undefined)
  const { instances } = await client.admin.listWorkloads({ namespace }).finally(async () => {
    await asked
    client.close()
  })
  const chosen = instances.filter(({ workload, instance }) => name === undefined || [workload, instance].includes(name))
  const hints = ['other namespaces are shown with -n NAME or -A']
  if (chosen.length === 0 && name !== undefined) {
    throw new CliError(`no workload "${name}"${namespace === '' ? '' : ` in namespace "${namespace}"`}`, { hints })
  }
  const nowMs = clock.nowMs()
  if (options.output === 'json') {
    terminal.write(formatJson(chosen.map((one) => toIdentityJson(one, nowMs))))
    return
  }
  if (chosen.length === 0) {
    terminal.note(`no workloads; ${hints[0]}`)
    return
  }
  const hasNamespaces = options.allNamespaces === true
  const columns = identityColumns({ hasNamespaces, style: terminal.style, nowMs })
  terminal.write(formatTable(columns, chosen, { isWide: options.output === 'wide' }))
  const change = describeChange((await asked)?.root)
  if (change !== undefined) terminal.note(`${change}; see "heddle root status"`)
}

/** One element of `identity -o json`; times are null where no certificate is known. */
interface IdentityJson {
  readonly namespace: string
  readonly workload: string
  readonly pod: string
  readonly meshed: boolean
  readonly identity: string
  readonly serial: string
  readonly not_before: string | null
  readonly not_after: string | null
  readonly remaining_seconds: number | null
}

function toIdentityJson(one: WorkloadInstance, nowMs: number): IdentityJson {
  const hasCertificate = one.notAfterMs > 0n
  return {
    namespace: one.namespace,
    workload: one.workload,
    pod: one.instance,
    meshed: one.meshed,
    identity: one.identity,
    serial: one.serial,
    not_before: hasCertificate ? toIsoTime(one.notBeforeMs) : null,
    not_after: hasCertificate ? toIsoTime(one.notAfterMs) : null,
    remaining_seconds: hasCertificate ? Math.round((Number(one.notAfterMs) - nowMs) / 1000) : null,
  }
}

interface IdentityColumnOptions {
  readonly hasNamespaces: boolean
  readonly style: Style
  readonly nowMs: number
}

function identityColumns(options: IdentityColumnOptions): readonly Column<WorkloadInstance>[] {
  const { hasNamespaces, style, nowMs } = options
  return [
    ...(hasNamespaces ? [{ title: 'NAMESPACE', cell: (one: WorkloadInstance) => one.namespace }] : []),
    { title: 'POD', cell: ({ instance }) => instance },
    { title: 'IDENTITY', cell: (one) => one.identity },
    { title: 'NOT_AFTER', cell: ({ notAfterMs }) => (notAfterMs === 0n ? '' : toIsoTime(notAfterMs)) },
    { title: 'REMAINING', cell: (one) => formatLife(one, nowMs, style), align: 'right' },
    {
      title: 'NOT_BEFORE',
      cell: ({ notBeforeMs }) => (notBeforeMs === 0n ? '' : toIsoTime(notBeforeMs)),
      isWide: true,
    },
    { title: 'SERIAL', cell: ({ serial }) => serial, isWide: true },
  ]
}

function formatLife({ notAfterMs }: WorkloadInstance, nowMs: number, style: Style): string {
  if (notAfterMs === 0n) return ''
  const remainingMs = Number(notAfterMs) - nowMs
  return remainingMs > 0 ? formatRemaining(remainingMs) : style.red('expired')
}
