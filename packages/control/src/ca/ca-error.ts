/** The authority cannot be opened, or cannot sign now. The message is for the person who has to repair it. */
export class CaError extends Error {
  override readonly name = 'CaError'
}
