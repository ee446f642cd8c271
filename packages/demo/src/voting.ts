import { readListenAddress } from './environment.ts'
import { runUntilSignal } from './running.ts'
import { VoteStore } from './vote-store.ts'
import { startVoting } from './voting-server.ts'

await runUntilSignal('voting', async () => startVoting(readListenAddress(process.env), new VoteStore()))
