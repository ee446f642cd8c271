import type { Schema } from '@heddle/api/kinds/schema'
import { parseDurationMs } from '@heddle/base/duration'
import type { Setting } from '../inject/setting.ts'
import { PROXY_VALUES } from './proxy-values.ts'

type Fields = Readonly<Record<string, Schema>>

/** Each value in it has a default. */
function group(description: string, properties: Fields): Schema {
  return { type: 'object', description, properties }
}

function text(description: string, fallback: string, more: Partial<Schema> = {}): Schema {
  return { type: 'string', maxLength: 253, description, default: fallback, ...more }
}

function choice(description: string, choices: readonly [string, ...string[]]): Schema {
  return { type: 'string', enum: choices, description, default: choices[0] }
}

function list(description: string, items: Schema, fallback: readonly unknown[] = []): Schema {
  return { type: 'array', maxItems: 256, description, items, default: fallback }
}

const quantity: Partial<Schema> = {
  pattern: '^$|^[0-9]+(\\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$',
  'x-heddle-expected': 'an amount such as 250m, 0.5, 64Mi or 1Gi; "" for none',
}

interface Amounts {
  readonly requests: readonly [cpu: string, memory: string]
  readonly limits: readonly [cpu: string, memory: string]
}

function resources(whose: string, { requests, limits }: Amounts): Schema {
  const amounts = (what: string, [cpu, memory]: readonly [string, string]): Schema =>
    group(`What ${whose} ${what}; \`""\`: not said.`, {
      cpu: text('Cores.', cpu, quantity),
      memory: text('Memory.', memory, quantity),
    })
  return group(`Resources of ${whose}.`, {
    requests: amounts('asks for', requests),
    limits: amounts('is held to', limits),
  })
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'

const objectName: Schema = {
  type: 'string',
  maxLength: 253,
  pattern: `^${LABEL}(\\.${LABEL})*$`,
  'x-heddle-expected': 'the name of an object: lower-case letters, digits, "-" and "."',
}

const LOG_LEVELS = ['info', 'debug', 'warn', 'error', 'off'] as const

const image = group('The images `heddle/control` and `heddle/proxy`.', {
  registry: text(
    'Registry, with a path if it has one, that goes in front of the names of images; `""`: the container runtime decides.',
    '',
    {
      pattern: '^$|^[a-z0-9]([-a-z0-9._:/]*[a-z0-9])?$',
      'x-heddle-expected': 'a registry such as registry.example:5000/mirror, without a slash at its end; "" for none',
    },
  ),
  tag: text('Tag of the images; `""`: this version\'s own.', '', {
    maxLength: 128,
    pattern: '^$|^[A-Za-z0-9_][-A-Za-z0-9_.]*$',
    'x-heddle-expected': 'a tag of letters, digits, "_", "-" and "."; "" for this version\'s own',
  }),
  pullPolicy: choice('When nodes fetch the images.', ['IfNotPresent', 'Always', 'Never']),
  pullSecrets: list(
    "Secrets with the registry's credentials, by which nodes fetch the images; each namespace with proxies has its own of these names.",
    objectName,
  ),
})

const LEAST_LIFE_MS = 60_000
const MOST_LIFE_MS = 720 * 3_600_000

const control = group('The control plane.', {
  replicas: {
    type: 'integer',
    format: 'int32',
    minimum: 1,
    maximum: 9,
    default: 1,
    description: 'How many there are; all of them serve.',
  },
  logLevel: choice('Lines below this level are not written.', LOG_LEVELS),
  leafLife: text("Life of workloads' certificates, from `1m` to `720h`; they are renewed at 70 % of it.", '24h', {
    pattern: '^([0-9]{1,5}(h|m|s|ms)){1,4}$',
    'x-heddle-expected': 'a duration from 1m to 720h, such as 24h',
    'x-kubernetes-validations': [
      {
        message: 'expected a duration from 1m to 720h',
        holds: (self: string) => {
          const lifeMs = parseDurationMs(self)
          return lifeMs === undefined || (lifeMs >= LEAST_LIFE_MS && lifeMs <= MOST_LIFE_MS)
        },
      },
    ],
  }),
  resources: resources('the control plane', { requests: ['100m', '128Mi'], limits: ['', '1Gi'] }),
  antiAffinity: choice('Whether replicas keep to different nodes.', ['Preferred', 'Required', 'None']),
  disruptionBudget: {
    type: 'boolean',
    default: false,
    description: 'Whether a PodDisruptionBudget lets drains take one replica at a time only.',
  },
  nodeSelector: {
    type: 'object',
    description: 'Labels of the nodes that it may run on.',
    default: { 'kubernetes.io/os': 'linux' },
    additionalProperties: { type: 'string', 'x-heddle-expected': 'the value of a label, as text' },
  },
  tolerations: list('Taints of nodes that it tolerates, as in a pod.', {
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    properties: {},
  }),
  priorityClassName: text('PriorityClass of its pods; `""`: none.', ''),
})

const proxy = group(
  'What holds for proxies where no annotation of a namespace or a pod says otherwise; written as in [annotations](annotations.md).',
  Object.fromEntries(PROXY_VALUES.map(({ key, setting }) => [key, proxyValue(setting)])),
)

function proxyValue({ about, choices, expects, fallback, parse, pattern }: Setting<unknown>): Schema {
  const value: Schema = { type: 'string', default: fallback, description: about }
  if (choices !== undefined) return { ...value, enum: choices }
  return {
    ...value,
    maxLength: 4096,
    ...(pattern !== undefined && { pattern }),
    'x-heddle-expected': expects.replaceAll('`', ''),
    'x-kubernetes-validations': [{ message: `expected ${expects}`, holds: (self: string) => isReadBy(parse, self) }],
  }
}

function isReadBy(parse: (text: string) => unknown, text: string): boolean {
  try {
    parse(text)
    return true
  } catch {
    return false
  }
}

function webhook(ignored: string): Schema {
  return group(`What holds while no control plane answers; \`Ignore\`: ${ignored}.`, {
    failurePolicy: choice('`Fail`: what would be asked about is refused.', ['Ignore', 'Fail']),
    timeoutSeconds: {
      type: 'integer',
      format: 'int32',
      minimum: 1,
      maximum: 30,
      default: 10,
      description: 'How long the API server waits for an answer.',
    },
  })
}

const webhooks = group('What the API server asks the control plane.', {
  injector: webhook('new pods come up without a proxy'),
  validator: webhook('objects are checked by their CRDs only'),
  excludedNamespaces: list(
    "Namespaces about which it is never asked, beside `kube-system` and the control plane's own.",
    objectName,
    ['kube-node-lease', 'kube-public'],
  ),
})

const subjects = (what: string): Schema =>
  list(what, {
    type: 'object',
    description: 'Somebody, as in a RoleBinding.',
    required: ['kind', 'name'],
    properties: {
      kind: { type: 'string', enum: ['User', 'Group', 'ServiceAccount'], description: 'What it is.' },
      name: { type: 'string', minLength: 1, maxLength: 253, description: 'Its name.' },
      namespace: { ...objectName, description: "Namespace of a ServiceAccount; absent: the control plane's own." },
    },
  })

const access = group('Who may ask the control plane, beside those who may do anything in its namespace.', {
  viewers: subjects('May look: `stat`, `edges`, `why`, `get`, `check`.'),
  operators: subjects('May do everything.'),
})

/** Every value of an installation; `values.yaml`, `values.schema.json` and a page of docs/ are generated from it. */
export const installValuesSchema: Schema = {
  type: 'object',
  description: 'What an installation of Heddle on a cluster can be told.',
  properties: {
    trustDomain: text(
      'Trust domain of all identities. It cannot be changed later without new certificates everywhere.',
      'heddle.local',
      {
        pattern: '^[a-z0-9._-]+$',
        'x-heddle-expected': 'a trust domain such as heddle.local',
      },
    ),
    image,
    control,
    proxy,
    webhooks,
    access,
  },
}
