/** Whether a value, as JSON and YAML have them, is a map of fields: no list, word or nothing. */
export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
