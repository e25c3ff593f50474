/** What scripts need to know of the page they run in. */
export const token = document.querySelector('meta[name="khatm-token"]')?.content ?? ''
export const assets = document.querySelector('meta[name="khatm-assets"]')?.content ?? ''

/** Fetches from our own host with the session's token; a session that ended sends the person to the login. */
export async function call(url, options = {}) {
  const answer = await fetch(url, { ...options, headers: { 'x-khatm-token': token, ...options.headers } })
  if (answer.status === 401) location.reload()
  return answer
}

export function on(type, selector, work) {
  document.addEventListener(type, (event) => {
    const target = event.target instanceof Element ? event.target.closest(selector) : null
    if (target !== null) work(event, target)
  })
}

/** Runs work at most once per pause after the last call. */
export function calmly(work, milliseconds) {
  let timer
  return (...values) => {
    clearTimeout(timer)
    timer = setTimeout(() => work(...values), milliseconds)
  }
}

let released = Promise.resolve()
let release = () => undefined
/** A pointer that went up becomes a click a little later. */
const clickMs = 50
document.addEventListener(
  'pointerdown',
  () => {
    released = new Promise((done) => (release = done))
  },
  true,
)
// A press that ended outside the page, or in a menu of the browser, is over at the next key.
for (const end of ['pointerup', 'pointercancel', 'keydown']) document.addEventListener(end, () => setTimeout(release, clickMs), true)

/** Settles when no pointer is down: what is drawn anew between press and release loses its click. */
export const pointerUp = () => released

document.addEventListener('htmx:configRequest', (event) => {
  event.detail.headers['x-khatm-token'] = token
})
