/** Who asks what a key means, as far as that matters to the answer. */
export interface Client {
  /** Its own routes may apply; empty: it has none. */
  readonly namespace: string
  /** Where it runs, empty where that is not known; absent: nobody in particular asks, and endpoints of all hosts are told. */
  readonly host?: string
}

/** One that stands for all that have neither routes of their own nor a host. */
export const ANY_CLIENT: Client = { namespace: '' }

/** `NAMESPACE` or `NAMESPACE/HOST`, neither of which can have a slash. */
export function formatClient({ namespace, host }: Client): string {
  return host === undefined ? namespace : `${namespace}/${host}`
}

/** @param text - as {@link formatClient} makes it */
export function parseClient(text: string): Client {
  const slash = text.indexOf('/')
  return slash < 0 ? { namespace: text } : { namespace: text.slice(0, slash), host: text.slice(slash + 1) }
}
