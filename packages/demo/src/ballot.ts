import type { Emoji, EmojiMethods, VotingMethods } from './contract.ts'
import { EMOJI_SERVICE, VOTING_SERVICE } from './contract.ts'
import type { Address } from './environment.ts'
import { GrpcClient } from './grpc-client.ts'
import type { Standing } from './pages.ts'

/** Where the services behind `web` are. */
export interface Upstreams {
  readonly emoji: Address
  readonly voting: Address
}

/** What `web` does for its visitors, by asking the two services. All methods throw grpc-js' ServiceError. */
export class Ballot {
  readonly #emoji: GrpcClient<EmojiMethods>
  readonly #voting: GrpcClient<VotingMethods>

  constructor(upstreams: Upstreams) {
    this.#emoji = new GrpcClient(EMOJI_SERVICE, upstreams.emoji)
    this.#voting = new GrpcClient(VOTING_SERVICE, upstreams.voting)
  }

  async list(): Promise<readonly Emoji[]> {
    const { emojis } = await this.#emoji.call('ListAll', {})
    return emojis
  }

  async vote(shortcode: string): Promise<Standing> {
    const { emoji } = await this.#emoji.call('FindByShortcode', { shortcode })
    const { votes } = await this.#voting.call('Vote', { shortcode })
    return { shortcode, unicode: emoji?.unicode ?? '', votes }
  }

  async leaderboard(): Promise<readonly Standing[]> {
    const [emojis, { tallies }] = await Promise.all([this.list(), this.#voting.call('Results', {})])
    const unicodes = new Map(emojis.map(({ shortcode, unicode }) => [shortcode, unicode]))
    return tallies.map(({ shortcode, votes }) => ({ shortcode, votes, unicode: unicodes.get(shortcode) ?? '' }))
  }

  close(): void {
    this.#emoji.close()
    this.#voting.close()
  }
}
