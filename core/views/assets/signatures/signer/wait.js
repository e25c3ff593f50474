import { get } from './call.js'

/** Follows a document on its way to the seal; the page is drawn anew when there is more to see. */
const card = document.querySelector('[data-wait]')
const longest = 30_000

if (card !== null) void follow(2_000)

async function follow(pause) {
  await new Promise((resolve) => setTimeout(resolve, pause))
  try {
    const state = await get(card.dataset.wait)
    if (state.stage !== card.dataset.stage) {
      location.reload()
      return
    }
    card.querySelector('[data-text]').textContent = state.text
    const waiting = card.querySelector('[data-waiting]')
    waiting.textContent = state.waiting
    waiting.hidden = state.waiting === ''
  } catch {
    // The next look may succeed; what is signed does not depend on this page.
  }
  void follow(Math.min(pause * 1.3, longest))
}
lead()

/** Where the sender wanted his signer to go afterwards, once the signature stands. */
function lead() {
  const { redirect } = document.querySelector('[data-redirect]')?.dataset ?? {}
  if (redirect !== undefined && redirect !== '') setTimeout(() => location.assign(redirect), 4_000)
}
