import { startBot } from './bot.ts'
import { readRate, readUpstream } from './environment.ts'
import { runUntilSignal } from './running.ts'

await runUntilSignal('vote-bot', async () =>
  startBot(readUpstream(process.env, 'WEB_HOST'), { perSecond: readRate(process.env), random: Math.random }),
)
