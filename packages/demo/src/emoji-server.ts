import { status } from '@grpc/grpc-js'
import { EMOJI_SERVICE } from './contract.ts'
import { CATALOGUE, findEmoji } from './emoji-catalogue.ts'
import type { Address } from './environment.ts'
import { StatusError, startGrpcServer } from './grpc-server.ts'
import type { Running } from './running.ts'

/** Serves the catalogue. */
export function startEmoji(listen: Address): Promise<Running> {
  return startGrpcServer(
    EMOJI_SERVICE,
    {
      ListAll: () => ({ emojis: CATALOGUE }),
      FindByShortcode({ shortcode }) {
        const emoji = findEmoji(shortcode)
        if (emoji === undefined) throw new StatusError(status.NOT_FOUND, `no emoji is called ${shortcode}`)
        return { emoji }
      },
    },
    listen,
  )
}
