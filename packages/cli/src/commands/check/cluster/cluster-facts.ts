import type { KubeObject } from '@heddle/kube/client'
import type { InstallValues } from '@heddle/kube/install/values'
import type { PodObject } from '../../../client/control-pod.ts'
import type { MeshFacts } from '../check.ts'
import type { Fact } from '../fact.ts'

/** What every check on a cluster looks at. */
export interface BaseFacts {
  readonly contextName: string
  readonly server: string
  readonly heddleNamespace: string
  readonly clientVersion: string
  /** This host's clock, in ms since the epoch. */
  readonly nowMs: number
  readonly api: Fact<ApiVersion>
  readonly clock: Fact<ClockReading>
  readonly nodes: Fact<readonly NodeFact[]>
  readonly crds: Fact<readonly CrdFact[]>
}

/** As `/version` tells it. */
export interface ApiVersion {
  readonly major: number
  readonly minor: number
  /** `v1.33.13` */
  readonly text: string
}

/** Two clocks at one moment, in ms since the epoch; the API server tells its own in whole seconds. */
export interface ClockReading {
  readonly serverMs: number
  readonly localMs: number
  readonly roundTripMs: number
}

/** A Node, and the version of its kubelet. */
export interface NodeFact {
  readonly name: string
  readonly kubelet: ApiVersion
}

/** A CustomResourceDefinition of Heddle or the Gateway API. */
export interface CrdFact {
  /** `httproutes.gateway.networking.k8s.io` */
  readonly name: string
  readonly servedVersions: readonly string[]
  readonly isEstablished: boolean
  /** Of the Gateway API: its version and channel. */
  readonly bundleVersion: string
}

/** What `heddle check --pre` looks at: whether an installation would work. */
export interface PreFacts extends BaseFacts {
  readonly namespaceExists: Fact<boolean>
  /** Namespaces of installations, but for the one that is meant. */
  readonly otherInstallations: Fact<readonly string[]>
  readonly rights: Fact<readonly Right[]>
  /** Why the cluster refuses a pod as injection makes it; empty: it does not. */
  readonly podRefusal: Fact<string>
}

/** Whether the user may do something. */
export interface Right {
  readonly verb: string
  /** `deployments.apps` */
  readonly resource: string
  /** Empty: in the whole cluster. */
  readonly namespace: string
  readonly isAllowed: boolean
  readonly reason: string
}

/** What `heddle check` looks at: the installation. */
export interface InstallFacts extends BaseFacts {
  readonly config: Fact<InstalledConfig | undefined>
  /** Every object that the installation with its values consists of. */
  readonly expected: readonly ExpectedObject[]
  readonly deployment: Fact<ControlDeployment | undefined>
  readonly pods: Fact<readonly PodObject[]>
  /** What those that are not ready wait for, in their own words, by name; of who cannot be asked nothing. */
  readonly waiting: ReadonlyMap<string, readonly string[]>
  readonly lease: Fact<LeaseFact | undefined>
  /** Root certificates that proxies trust. */
  readonly trust: Fact<readonly CertificateFact[]>
  readonly webhooks: Fact<readonly WebhookFact[]>
  /** Of what answers the API server's webhooks. */
  readonly webhookServer: Fact<ServedCertificate>
  /** What the control plane says itself. */
  readonly control: Fact<MeshFacts>
}

/** What the ConfigMap of the installation says. */
export interface InstalledConfig {
  readonly version: string
  readonly values: InstallValues
}

/** An object that the installation consists of. */
export interface ExpectedObject {
  readonly kind: string
  /** Empty: none. */
  readonly namespace: string
  readonly name: string
  /** Whether it is there. */
  readonly there: Fact<boolean>
  /** Namespace of the installation that it belongs to, as far as that is known. */
  readonly owner?: string
}

/** The control plane's Deployment: how many pods it should have, and how many are ready and of its newest template. */
export interface ControlDeployment {
  readonly replicas: number
  readonly ready: number
  readonly updated: number
  readonly image: string
  /** Whether its pods keep away from each other. */
  readonly isSpread: boolean
}

/** Who leads among the replicas. */
export interface LeaseFact {
  readonly holder: string
  /** Ms since the epoch; 0: never. */
  readonly renewedMs: number
  readonly durationMs: number
}

/** A certificate and from when to when it counts, in ms since the epoch. */
export interface CertificateFact {
  readonly subject: string
  readonly notBeforeMs: number
  readonly notAfterMs: number
}

/** A webhook as it is registered. */
export interface WebhookFact {
  /** `heddle-injector`, ... */
  readonly configuration: string
  readonly name: string
  readonly failurePolicy: string
  /** PEM; empty: none was written yet. */
  readonly caBundle: string
  /** Whether its root is among those of the trust bundle. */
  readonly isTrusted: boolean
}

/** The certificate that webhooks are answered with. */
export interface ServedCertificate extends CertificateFact {
  /** Why a client with the caBundle would refuse it; empty: it would not. */
  readonly refusal: string
}

/** What `heddle check --proxy` looks at beside the installation. */
export interface ProxyFacts extends InstallFacts {
  /** Empty: all. */
  readonly namespace: string
  readonly namespaces: Fact<readonly NamespaceFact[]>
  readonly meshPods: Fact<readonly PodObject[]>
  readonly services: Fact<readonly ServiceFact[]>
  /** `undefined`: it is not installed. */
  readonly nodeAgent: Fact<NodeAgentFact | undefined>
}

/** On how many nodes the agent is to run, and on how many it is ready. */
export interface NodeAgentFact {
  readonly wanted: number
  readonly ready: number
  /** Namespace of the installation that it belongs to, if that is another one. */
  readonly owner?: string
}

/** A namespace, with what it says of injection, or where it seems to. */
export interface NamespaceFact {
  readonly name: string
  readonly annotations: Readonly<Record<string, string>>
  readonly labels: Readonly<Record<string, string>>
}

/** What of a Service is looked at. */
export interface ServiceFact extends KubeObject {
  readonly spec?: {
    readonly selector?: Readonly<Record<string, string>>
    readonly ports?: readonly {
      readonly port: number
      readonly targetPort?: number | string
      readonly protocol?: string
    }[]
  }
}
