import type { Fields } from '../src/message/fields.ts'

interface Message {
  readonly body: string
  readonly isEnded: boolean
  readonly trailers: readonly string[] | undefined
  readonly trailerFields: Fields | undefined
}

/** Trailers without fields are none to the next hop. */
export function withoutEmptyTrailers<T extends Message>(message: T): T {
  return message.trailers?.length === 0 ? { ...message, trailers: undefined, trailerFields: undefined } : message
}

/** What becomes of a message whose length was announced: over HTTP/1 it ends with its last octet, and has no trailers. */
export function withAnnouncedLength<T extends Message>(message: T, bodyLength: number): T {
  const isEnded = message.isEnded || message.body.length === bodyLength
  return { ...message, isEnded, trailers: undefined, trailerFields: undefined }
}
