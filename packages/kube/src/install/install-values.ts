/** Amounts that containers ask for or are held to, as Kubernetes writes them; empty: not said. */
export interface Quantities {
  readonly cpu: string
  readonly memory: string
}

/** What a container asks for, and what it is held to. */
export interface Resources {
  readonly requests: Quantities
  readonly limits: Quantities
}

/** What a webhook does when nobody answers it. */
export interface WebhookValues {
  readonly failurePolicy: 'Ignore' | 'Fail'
  readonly timeoutSeconds: number
}

/** Who a role is given to, as in a RoleBinding. */
export interface AccessSubject {
  readonly kind: 'User' | 'Group' | 'ServiceAccount'
  readonly name: string
  /** Of a ServiceAccount; absent: the installation's own. */
  readonly namespace?: string
}

/** The control plane's part. */
export interface ControlValues {
  readonly replicas: number
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error' | 'off'
  /** Life of workloads' certificates: a duration. */
  readonly leafLife: string
  readonly resources: Resources
  readonly antiAffinity: 'Preferred' | 'Required' | 'None'
  readonly disruptionBudget: boolean
  readonly nodeSelector: Readonly<Record<string, string>>
  /** As in a pod. */
  readonly tolerations: readonly Readonly<Record<string, unknown>>[]
  readonly priorityClassName: string
}

/** Everything an installation on a cluster can be told; `install-values-schema.ts` has limits, defaults and what each is for. */
export interface InstallValues {
  readonly trustDomain: string
  readonly image: {
    readonly registry: string
    readonly tag: string
    readonly pullPolicy: 'Always' | 'IfNotPresent' | 'Never'
    readonly pullSecrets: readonly string[]
  }
  readonly control: ControlValues
  /** What holds for proxies where no annotation says otherwise, by the names of `proxy-values.ts`; as annotations say it. */
  readonly proxy: Readonly<Record<string, string>>
  readonly webhooks: {
    readonly injector: WebhookValues
    readonly validator: WebhookValues
    readonly excludedNamespaces: readonly string[]
  }
  readonly access: {
    readonly viewers: readonly AccessSubject[]
    readonly operators: readonly AccessSubject[]
  }
}
