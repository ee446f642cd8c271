/** The `code` of a system error (`ENOENT`, `EADDRINUSE`), else `undefined`. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
