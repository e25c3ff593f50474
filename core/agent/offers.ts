import { createHash } from 'node:crypto'
import type { Offer } from '../signing/keys/agent/protocol.js'
import type { DocumentView } from './document-view.js'
import { checkOffer, type OfferCheck } from './offer-check.js'
import type { Pairing } from './pairings.js'
import { shownText } from './shown-text.js'

/** What a host asks to be signed, as it is shown. */
export interface PendingOffer {
  readonly pairing: Pairing
  readonly offer: Offer
  readonly check: OfferCheck
}

const mostIdentities = 10_000
const offeredAgainWithinMs = 5_000

/** What hosts ask this desk. What was shown under an id stays what is signed under it. */
export class Offers {
  private readonly held = new Map<string, PendingOffer>()
  /** Shown before the connection was lost, and not offered again so far. */
  private readonly unconfirmed = new Set<string>()
  /** Hash of each offer by its id. */
  private readonly identities = new Map<string, string>()

  constructor(private readonly views: readonly DocumentView[] | undefined) {}

  /** Oldest first. */
  get all(): readonly PendingOffer[] {
    return [...this.held.values()].sort((one, other) => (one.offer.createdAt < other.offer.createdAt ? -1 : 1))
  }

  /** The offer of an id while it waits for a decision. */
  get(id: string): PendingOffer | undefined {
    return this.held.get(id)
  }

  /** Takes the offer off the list: it was decided, withdrawn or ran out. */
  delete(id: string): void {
    this.held.delete(id)
  }

  /** One host says nothing about what another one asked. */
  mayTell(agentId: string, id: string): boolean {
    const offer = this.held.get(id)
    return offer === undefined || offer.pairing.agentId === agentId
  }

  /** @returns false for a host that puts something else under an id that was shown: it is not listened to, and nothing stays to be signed */
  take(pairing: Pairing, offer: Offer): boolean {
    const identity = createHash('sha256')
      .update(JSON.stringify([pairing.agentId, offer]))
      .digest('base64')
    // An id of another host's request is no reason to take that one away.
    if (!this.mayTell(pairing.agentId, offer.id)) return true
    const before = this.identities.get(offer.id)
    if (before !== undefined && before !== identity) {
      this.held.delete(offer.id)
      return false
    }
    this.identities.set(offer.id, identity)
    if (this.identities.size > mostIdentities) for (const id of this.identities.keys()) if (!this.held.has(id)) this.identities.delete(id)
    this.unconfirmed.delete(offer.id)
    this.held.set(offer.id, { pairing, offer: shownOffer(offer), check: checkOffer(offer, this.views) })
    return true
  }

  /** All that a host asked is gone with it. */
  leave(agentId: string): void {
    for (const [id, one] of this.held) if (one.pairing.agentId === agentId) this.held.delete(id)
  }

  /** After a connection was lost the host tells anew what is pending; what ended meanwhile must not stay on the page. */
  forgetWhatIsNotOfferedAgain(agentId: string, forgotten: () => void): void {
    for (const [id, one] of this.held) if (one.pairing.agentId === agentId) this.unconfirmed.add(id)
    setTimeout(() => {
      for (const id of this.unconfirmed) this.held.delete(id)
      this.unconfirmed.clear()
      forgotten()
    }, offeredAgainWithinMs).unref()
  }
}

/** What a person knows the offer by: the label of its first subject, else the start of the digest. */
export function labelOf(offer: Offer): string {
  return offer.uses[0]?.subject.label ?? offer.digest.slice(0, 16)
}

/** Texts of an offer as they are shown, everywhere: what a host writes must not move or hide what stands beside it. */
function shownOffer(offer: Offer): Offer {
  return {
    ...offer,
    askedBy: offer.askedBy === null ? null : shownText(offer.askedBy),
    uses: offer.uses.map((use) => ({
      ...use,
      subject: { ...use.subject, label: shownText(use.subject.label) },
      ...(use.amount === undefined ? {} : { amount: { value: shownText(use.amount.value), currency: shownText(use.amount.currency) } }),
    })),
  }
}
