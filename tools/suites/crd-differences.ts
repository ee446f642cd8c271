/** What a schema of ours has on purpose otherwise than the CRD. */
export interface Difference {
  /** The end of `KIND VERSION PATH`, without indices. */
  readonly field: string
  /** Keywords that differ; `field`: the field is on one side only, or its own fields are not compared. */
  readonly keywords: readonly string[]
  readonly why: string
}

/** Every difference, with its reason. A difference that no field has any more is a failure. */
export const DIFFERENCES: readonly Difference[] = [
  {
    field: '.externalAuth',
    keywords: ['field', 'required'],
    why: 'the filter is refused, whatever it says',
  },
  {
    field: '.value',
    keywords: ['pattern'],
    why: "the API's pattern of header values takes exponential time here; ours accepts the same",
  },
  {
    field: '.sessionPersistence.sessionName',
    keywords: ['pattern'],
    why: 'what is no name of a cookie or header would break the answer',
  },
  { field: '.sessionPersistence.cookie', keywords: ['field'], why: 'v1.7 of the API' },
  { field: '.sessionPersistence.header', keywords: ['field'], why: 'v1.7 of the API' },
  { field: '.sessionPersistence.idleTimeout', keywords: ['field'], why: 'v1.4 and v1.5 of the API' },
  { field: '.retry.attempts', keywords: ['minimum'], why: 'v1.7 of the API has 0, for none' },
  { field: '.retry.attempts', keywords: ['maximum'], why: 'more would be a mistake' },
  { field: '.cors.allowCredentials', keywords: ['default'], why: 'absent is false' },
  {
    field: 'TLSRoute v1alpha2 spec',
    keywords: ['required'],
    why: 'v1 asks for host names, and both are read as the same',
  },
  { field: 'TLSRoute v1alpha2 spec.hostnames', keywords: ['minItems'], why: 'the same' },
  { field: 'TLSRoute v1alpha2 spec.rules', keywords: ['maxItems'], why: 'v1 takes one; others would never be used' },
  { field: 'TCPRoute v1alpha2 spec.rules', keywords: ['maxItems'], why: 'the same' },
]

/** Fields whose rules are not compared, because what they accept differs on purpose. */
export const UNCOMPARED_FIELDS: ReadonlySet<string> = new Set(['externalAuth', 'sessionName', 'attempts'])

/** What we say where a CRD accepts a value, on purpose. */
export const STRICTER: readonly { readonly reason: RegExp; readonly why: string }[] = [
  {
    reason: /replacePrefixMatch at a backend/,
    why: "the API's rule looks for exactly one such backend, so that two of them escape it",
  },
]
