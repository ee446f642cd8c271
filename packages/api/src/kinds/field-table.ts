import type { Schema } from './schema.ts'

/** What of a kind a table leaves out or adds. */
export interface TableOptions {
  /** Fields whose own fields are those of every kind: only what identifies an object is listed. */
  readonly brief?: readonly string[]
  /** Fields whose own fields are those of another one, which is named instead. */
  readonly same?: Readonly<Record<string, string>>
  /** Fields that are left out. */
  readonly omit?: readonly string[]
  /** A column says how far the Gateway API binds its implementations to the field. */
  readonly hasLevels?: boolean
}

/** Every field of a kind as rows of a page, with its fields in turn. */
export function renderTable(schema: Schema, options: TableOptions = {}): string {
  const level = options.hasLevels === true ? [' support |', ' --- |'] : ['', '']
  return [
    `| field | type | default |${level[0]} |`,
    `| --- | --- | --- |${level[1]} --- |`,
    ...rowsOf(schema, '', options),
  ].join('\n')
}

function rowsOf(schema: Schema, prefix: string, options: TableOptions): string[] {
  const { brief = [], same = {}, omit = [], hasLevels = false } = options
  return Object.entries(schema.properties ?? {}).flatMap(([name, field]) => {
    if (prefix === '' && (name === 'apiVersion' || name === 'kind')) return []
    const path = `${prefix}${name}`
    if (omit.includes(path)) return []
    const isNeeded = schema.required?.includes(name) === true
    const level = hasLevels ? ` ${field['x-heddle-level'] ?? ''} |` : ''
    const twin = same[path]
    const text = twin === undefined ? textOf(field) : `${textOf(field)} Fields as in ${code(twin)}.`
    const row = `| ${code(path)}${isNeeded ? ' *' : ''} | ${typeOf(field)} | ${defaultOf(field)} |${level} ${text} |`
    const isIdle = field['x-heddle-no-effect'] !== undefined && field['x-heddle-no-effect'].except === undefined
    if (isIdle || twin !== undefined || field['x-heddle-level'] === 'refused') return [row]
    const nested = brief.includes(path)
      ? onlyFields(field, ['name', 'namespace', 'labels', 'annotations', 'creationTimestamp'])
      : field
    return [row, ...rowsOf(nested, `${path}.`, options), ...rowsOf(field.items ?? {}, `${path}[].`, options)]
  })
}

function onlyFields(schema: Schema, names: readonly string[]): Schema {
  const kept = Object.entries(schema.properties ?? {}).filter(([name]) => names.includes(name))
  const properties = kept.filter(([, field]) => field['x-heddle-no-effect'] === undefined)
  return { ...schema, properties: Object.fromEntries(properties) }
}

function typeOf(schema: Schema): string {
  if (schema['x-kubernetes-int-or-string'] === true) return 'number or name'
  if (schema.enum !== undefined) return schema.enum.map((choice) => code(String(choice))).join(', ')
  if (schema.type === 'array')
    return `list${schema.items?.type === 'object' ? '' : ` of ${typeOf(schema.items ?? {})}`}`
  if (schema.type === 'integer') return `number${rangeOf(schema)}`
  if (schema.type === 'object') return schema.additionalProperties === undefined ? 'map' : 'map of text'
  return schema.type === 'boolean' ? 'true or false' : 'text'
}

function rangeOf({ minimum, maximum }: Schema): string {
  return minimum === undefined || maximum === undefined ? '' : `, ${minimum} to ${maximum}`
}

function defaultOf(schema: Schema): string {
  if (schema.default === undefined || schema.default === '') return ''
  return code(typeof schema.default === 'object' ? JSON.stringify(schema.default) : String(schema.default))
}

function textOf({ description = '', 'x-heddle-no-effect': noEffect }: Schema): string {
  if (noEffect === undefined) return description
  const values =
    noEffect.except === undefined ? '' : ` but for ${noEffect.except.map((value) => code(String(value))).join(', ')}`
  return `${description === '' ? '' : `${description} `}No effect${values}: ${noEffect.reason}.`
}

/** Text as code in a page. */
export function code(text: string): string {
  return `\`${text}\``
}
