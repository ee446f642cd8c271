import { readListenAddress, readUpstream } from './environment.ts'
import { runUntilSignal } from './running.ts'
import { startWeb } from './web-server.ts'

await runUntilSignal('web', async () =>
  startWeb(readListenAddress(process.env), {
    emoji: readUpstream(process.env, 'EMOJI_HOST'),
    voting: readUpstream(process.env, 'VOTING_HOST'),
  }),
)
