/** In front of every annotation and label of ours. */
export const PREFIX = 'heddle.dev/'

/** Whether to inject: `enabled` or `disabled`, on a namespace or a pod. */
export const INJECT_ANNOTATION = 'heddle.dev/inject'
/** Written by injection: what was put into the pod, as JSON. A pod with it and a container {@link PROXY_CONTAINER} is meshed. */
export const STATUS_ANNOTATION = 'heddle.dev/status'
/** Written by the webhook on pods that were to be injected and could not be: the reason. */
export const SKIPPED_ANNOTATION = 'heddle.dev/inject-skipped'
/** Ports whose bytes are never looked at. Injection writes what is in force, so that a pod says all of it. */
export const OPAQUE_PORTS_ANNOTATION = 'heddle.dev/opaque-ports'
/** Ports whose connections do not go through the proxy, written like the former: others must speak to these in plain. */
export const SKIP_INBOUND_ANNOTATION = 'heddle.dev/skip-inbound-ports'
/** Namespace of the control plane that a meshed pod belongs to. */
export const CONTROL_NAMESPACE_LABEL = 'heddle.dev/control-plane-ns'

/** The proxy: an init container that goes on (native) or a container (classic). */
export const PROXY_CONTAINER = 'heddle-proxy'
/** Redirects traffic to the proxy. */
export const INIT_CONTAINER = 'heddle-init'
/** Where the agent of the node redirects: waits until it did. */
export const VALIDATE_CONTAINER = 'heddle-validate'
/** The volume with the token by which the proxy proves who it is. */
export const IDENTITY_VOLUME = 'heddle-identity'

/** The volume where the proxy keeps what it was told to trust, for when its container is started again. */
export const TRUST_VOLUME = 'heddle-trust'
/** Where it is, in the proxy's container alone. */
export const TRUST_CACHE_FILE = '/var/run/heddle.dev/trust/bundle.json'

/** Audience of that token: good for nothing but a certificate. */
export const IDENTITY_AUDIENCE = 'heddle.dev/identity'
/** Where the proxy finds the token. */
export const TOKEN_FILE = '/var/run/secrets/heddle.dev/token'

/** User id of proxies in pods unless `heddle.dev/proxy-uid` says another; their image is made for it. */
export const PROXY_UID = 15_020

/** In the proxy's image, too: the agent of a node. */
export const AGENT_PROGRAM: readonly string[] = ['bun', '/heddle/agent.js']
/** In the proxy's image: redirects, validates and waits, by its first argument. */
export const INIT_PROGRAM: readonly string[] = ['bun', '/heddle/init.js']
