import { VOTING_SERVICE } from './contract.ts'
import type { Address } from './environment.ts'
import { startGrpcServer } from './grpc-server.ts'
import type { Running } from './running.ts'
import type { VoteStore } from './vote-store.ts'

/** Serves the counting of votes into `store`. */
export function startVoting(listen: Address, store: VoteStore): Promise<Running> {
  return startGrpcServer(
    VOTING_SERVICE,
    {
      Vote: ({ shortcode }) => ({ votes: store.vote(shortcode) }),
      Results: () => ({ tallies: store.results() }),
    },
    listen,
  )
}
