import { fileURLToPath } from 'node:url'
import type { MethodDefinition, ServiceDefinition } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'

/** One entry of the catalogue; `shortcode` has its colons. */
export interface Emoji {
  readonly shortcode: string
  readonly unicode: string
}

/** Votes of one emoji. */
export interface Tally {
  readonly shortcode: string
  readonly votes: number
}

/** Requests and answers of proto/emojivote.proto, by method. */
export interface EmojiMethods {
  readonly ListAll: { readonly request: object; readonly response: { readonly emojis: readonly Emoji[] } }
  readonly FindByShortcode: {
    readonly request: { readonly shortcode: string }
    readonly response: { readonly emoji: Emoji | null }
  }
}

export interface VotingMethods {
  readonly Vote: { readonly request: { readonly shortcode: string }; readonly response: { readonly votes: number } }
  readonly Results: { readonly request: object; readonly response: { readonly tallies: readonly Tally[] } }
}

/** What one method takes and gives. */
export interface Call {
  readonly request: object
  readonly response: object
}

export type Methods<M> = { readonly [name in keyof M]: Call }

/** The methods of a service, typed by `M`, as grpc-js wants them. */
export type Service<M extends Methods<M>> = ServiceDefinition & {
  readonly [name in keyof M]: MethodDefinition<M[name]['request'], M[name]['response']>
}

const PROTO_FILE = fileURLToPath(new URL('../proto/emojivote.proto', import.meta.url))
// proto-loader knows only at run time what is in the file.
const definitions: Readonly<Record<string, unknown>> = loadSync(PROTO_FILE, { defaults: true })

export const EMOJI_SERVICE = definitions['emojivote.v1.EmojiService'] as Service<EmojiMethods>
export const VOTING_SERVICE = definitions['emojivote.v1.VotingService'] as Service<VotingMethods>
