import type { ConfigObject, ObjectCondition } from '@heddle/api/admin'
import type { Style } from '../../output/style.ts'
import type { Column } from '../../output/table.ts'
import { formatRemaining } from '../certificate-life.ts'
import { kindWord } from './object-argument.ts'

/** What of a manifest tables show; everything may be missing. */
interface Manifest {
  readonly metadata?: { readonly creationTimestamp?: string }
  readonly spec?: Spec
}

interface Spec {
  readonly rules?: readonly unknown[]
  readonly parentRefs?: readonly Reference[]
  readonly targetRefs?: readonly Reference[]
  readonly clusterIP?: string
  readonly clusterIPs?: readonly string[]
  readonly ports?: readonly { readonly name?: string; readonly port?: number; readonly protocol?: string }[]
  readonly selector?: Readonly<Record<string, string>>
  readonly serviceAccount?: string
  readonly replicas?: number
  readonly from?: readonly { readonly kind?: string; readonly namespace?: string }[]
  readonly to?: readonly { readonly kind?: string; readonly name?: string }[]
}

interface Reference {
  readonly kind?: string
  readonly namespace?: string
  readonly name?: string
  readonly port?: number
  readonly sectionName?: string
}

/** How the table of a kind is to be shown. */
export interface ObjectTableOptions {
  readonly hasNamespaces: boolean
  /** Names begin with their kind, as kubectl shows several kinds. */
  readonly hasKinds: boolean
  readonly nowMs: number
  /** Addresses of Services, by `NAMESPACE/NAME`, beside those that their objects name. */
  readonly addresses: ReadonlyMap<string, readonly string[]>
  readonly style: Style
}

type ObjectColumn = Column<ConfigObject>

/** The columns of a kind, named as kubectl names them. */
export function objectColumns(kind: string, options: ObjectTableOptions): readonly ObjectColumn[] {
  const { hasNamespaces, hasKinds, nowMs } = options
  return [
    ...(hasNamespaces && kind !== 'Namespace'
      ? [{ title: 'NAMESPACE', cell: ({ ref }: ConfigObject) => ref?.namespace ?? '' }]
      : []),
    { title: 'NAME', cell: ({ ref }) => (hasKinds ? `${kindWord(kind)}/${ref?.name}` : (ref?.name ?? '')) },
    ...kindColumns(kind, options),
    { title: 'AGE', cell: (object) => formatAge(object, nowMs) },
    { title: 'FILE', cell: ({ file }) => file, isWide: true },
  ]
}

function kindColumns(kind: string, { style, addresses }: ObjectTableOptions): readonly ObjectColumn[] {
  switch (kind) {
    case 'HTTPRoute':
    case 'GRPCRoute':
    case 'TLSRoute':
    case 'TCPRoute':
      return [
        { title: 'PARENTS', cell: (object) => formatReferences(object, specOf(object).parentRefs) },
        ...['Accepted', 'ResolvedRefs', 'Programmed'].map((type) => conditionColumn(type, style)),
        { title: 'RULES', cell: (object) => String(specOf(object).rules?.length ?? 0), isWide: true },
        REASON,
      ]
    case 'BackendPolicy':
    case 'TrafficPolicy':
    case 'FaultPolicy':
      return [
        { title: 'TARGETS', cell: (object) => formatReferences(object, specOf(object).targetRefs) },
        conditionColumn('Accepted', style),
        REASON,
      ]
    case 'Service':
      return [{ title: 'CLUSTER-IP', cell: (object) => formatAddresses(object, addresses) }, ...SERVICE_COLUMNS]
    case 'Workload':
      return WORKLOAD_COLUMNS
    case 'ReferenceGrant':
      return GRANT_COLUMNS
    default:
      return []
  }
}

const SERVICE_COLUMNS: readonly ObjectColumn[] = [
  { title: 'PORT(S)', cell: formatPorts },
  { title: 'SELECTOR', cell: formatSelector, isWide: true },
]

const WORKLOAD_COLUMNS: readonly ObjectColumn[] = [
  { title: 'SERVICE-ACCOUNT', cell: (object) => specOf(object).serviceAccount ?? '' },
  { title: 'REPLICAS', cell: (object) => String(specOf(object).replicas ?? ''), align: 'right' },
  { title: 'PORT(S)', cell: formatPorts },
]

const GRANT_COLUMNS: readonly ObjectColumn[] = [
  {
    title: 'FROM',
    cell: (object) => (specOf(object).from ?? []).map(({ kind, namespace }) => `${kind}.${namespace}`).join(','),
  },
  {
    title: 'TO',
    cell: (object) => (specOf(object).to ?? []).map(({ kind, name }) => [kind, name ?? '*'].join('/')).join(','),
  },
]

/** The first thing that is not as it should be. */
const REASON: ObjectColumn = {
  title: 'REASON',
  cell: ({ conditions }) => {
    const fault = conditions.find(({ status }) => status === 'False')
    return fault === undefined ? '' : `${fault.reason}: ${fault.message}`
  },
  isWide: true,
}

const TITLES: Readonly<Record<string, string>> = { ResolvedRefs: 'RESOLVED' }

function conditionColumn(type: string, style: Style): ObjectColumn {
  return { title: TITLES[type] ?? type.toUpperCase(), cell: (object) => formatCondition(object, type, style) }
}

/** Of several parents the worst: `False` before `Unknown` before `True`. */
function formatCondition({ conditions }: ConfigObject, type: string, style: Style): string {
  const statuses = conditions
    .filter((condition: ObjectCondition) => condition.type === type)
    .map(({ status }) => status)
  if (statuses.includes('False')) return style.red('False')
  if (statuses.includes('Unknown')) return style.yellow('Unknown')
  return statuses.length === 0 ? '' : style.green('True')
}

function formatAddresses(object: ConfigObject, known: ObjectTableOptions['addresses']): string {
  const { clusterIPs, clusterIP } = specOf(object)
  const { namespace, name } = object.ref ?? {}
  return (clusterIPs ?? known.get(`${namespace}/${name}`))?.join(',') || (clusterIP ?? '')
}

/** `svc/cart:80,svc/other.NAMESPACE` */
function formatReferences({ ref }: ConfigObject, references: readonly Reference[] = []): string {
  return references
    .map(({ kind = 'Service', namespace, name, port, sectionName }) => {
      const word = kind === 'Service' ? 'svc' : kindWord(kind)
      const elsewhere = namespace === undefined || namespace === ref?.namespace ? '' : `.${namespace}`
      const part = port === undefined ? (sectionName === undefined ? '' : `/${sectionName}`) : `:${port}`
      return `${word}/${name}${elsewhere}${part}`
    })
    .join(',')
}

function formatPorts(object: ConfigObject): string {
  return (specOf(object).ports ?? []).map(({ port, protocol = 'TCP' }) => `${port}/${protocol}`).join(',')
}

function formatSelector(object: ConfigObject): string {
  const { selector = {} } = specOf(object)
  return Object.entries(selector)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')
}

/** Only objects of a cluster, and those whose file says so, know when they were made. */
function formatAge(object: ConfigObject, nowMs: number): string {
  const created = Date.parse((object.manifest as Manifest | undefined)?.metadata?.creationTimestamp ?? '')
  return Number.isNaN(created) ? '' : formatRemaining(Math.max(0, nowMs - created))
}

function specOf({ manifest }: ConfigObject): Spec {
  return (manifest as Manifest | undefined)?.spec ?? {}
}
