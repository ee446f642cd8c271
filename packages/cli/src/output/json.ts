/** JSON as `-o json` prints it: two spaces, bigints as numbers where they are exact, else as text. */
export function formatJson(value: unknown): string {
  return `${JSON.stringify(value, toJson, 2)}\n`
}

function toJson(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value
  return value <= BigInt(Number.MAX_SAFE_INTEGER) && value >= BigInt(Number.MIN_SAFE_INTEGER)
    ? Number(value)
    : value.toString()
}
