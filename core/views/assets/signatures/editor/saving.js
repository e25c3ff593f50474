import { token } from '../../browser/page.js'
import { h, icon, root, t } from './dom.js'
import { merge, same } from './merge.js'

/**
 * Saves by itself a moment after each change. Nothing is lost: without a connection it tries again, what is not saved yet survives a
 * reload, and what somebody else saved meanwhile is merged and told.
 */

const calm = 700
const waits = [2_000, 4_000, 8_000, 15_000, 30_000]

export function keepSaved(store, place, { url, initial, onFindings, onVersion, say }) {
  let base = initial
  let saved = store.document
  let timer
  let under
  let attempts = 0
  let ended = false
  const drawer = `khatm-editor-${root.dataset.id}`

  function show(state, words, ...more) {
    root.dataset.saved = state
    place.replaceChildren(icon(state === 'saved' ? 'check-circle' : 'alert-circle'), h('span', { textContent: words }), ...more)
    if (state === 'saving' || state === 'unsaved') place.replaceChildren(h('span', { textContent: words }))
  }

  function keepCopy() {
    try {
      if (store.document === saved) sessionStorage.removeItem(drawer)
      else
        sessionStorage.setItem(
          drawer,
          JSON.stringify({ base: { versionId: base.versionId, roles: base.roles, fields: base.fields }, mine: store.document }),
        )
    } catch {
      // A full or forbidden store: the page itself still holds everything.
    }
  }

  function schedule(wait = calm) {
    clearTimeout(timer)
    timer = setTimeout(() => void save(), wait)
  }

  /** Sends what is not saved yet; answers whether all is saved. */
  async function save() {
    clearTimeout(timer)
    if (under !== undefined) {
      await under
      return store.document === saved ? true : save()
    }
    if (store.document === saved || ended) return !ended
    under = send(store.document)
    const done = await under
    under = undefined
    if (done && store.document !== saved) schedule()
    return done && store.document === saved
  }

  async function send(document) {
    show('saving', t('save.saving'))
    const body = new FormData()
    const content = JSON.stringify({ versionId: base.versionId, revision: base.revision, roles: document.roles, fields: document.fields })
    body.append('document', new Blob([content], { type: 'application/json' }), 'document.json')
    let answer
    try {
      answer = await fetch(url, { method: 'POST', body, headers: { 'x-khatm-token': token, accept: 'application/json' } })
    } catch {
      return later(t('save.offline'))
    }
    if (answer.status === 409) return mergeWithSaved(document)
    if (answer.status === 401 || answer.status === 403) return sessionEnded()
    if (answer.status >= 500 || answer.status === 429) return later(t('save.failed'))
    let result
    try {
      result = await answer.json()
    } catch {
      return later(t('save.failed'))
    }
    if (!answer.ok) {
      // Wrong in itself: trying again changes nothing, the next change does.
      const reasons = [...new Set((result.error?.details ?? []).map(({ message }) => message))]
      show('refused', t('save.unsaved'), h('span', { className: 'se-why', textContent: reasons[0] ?? result.error?.message ?? '' }))
      return false
    }
    attempts = 0
    const moved = result.versionId !== base.versionId
    base = { ...result, roles: document.roles, fields: document.fields }
    saved = document
    keepCopy()
    if (moved) onVersion(result)
    onFindings(result.findings, document)
    if (store.document === document) show('saved', t('save.saved'))
    return true
  }

  function later(words) {
    const wait = waits[Math.min(attempts, waits.length - 1)]
    attempts += 1
    show('failed', words, h('button', { type: 'button', className: 'k-linkbutton', on: { click: () => void save() } }, t('save.retry')))
    schedule(wait)
    return false
  }

  function sessionEnded() {
    ended = true
    keepCopy()
    show(
      'ended',
      t('save.ended'),
      h(
        'button',
        {
          type: 'button',
          className: 'k-linkbutton',
          on: {
            click: () => {
              removeEventListener('beforeunload', guard)
              location.reload()
            },
          },
        },
        t('save.login'),
      ),
    )
    return false
  }

  /** Somebody else saved: both are brought together, one step that can be taken back, and saved again. */
  async function mergeWithSaved(mine) {
    let theirs
    try {
      const answer = await fetch(url, { headers: { accept: 'application/json' } })
      if (!answer.ok) return later(t('save.failed'))
      theirs = await answer.json()
    } catch {
      return later(t('save.offline'))
    }
    takeOver(theirs, mine)
    const done = await send(store.document)
    return done
  }

  function takeOver(theirs, mine) {
    const { document, kept } = merge(base, mine, { roles: theirs.roles, fields: theirs.fields })
    const moved = theirs.versionId !== base.versionId
    base = theirs
    saved = undefined
    store.change(same(document, store.document) ? store.document : document, { name: t('save.changed-by-other') })
    if (moved) onVersion(theirs)
    say(kept.length === 0 ? t('changed-by-other') : t('changed-by-both', { count: kept.length }))
  }

  function guard(event) {
    if (store.document === saved) return
    keepCopy()
    event.preventDefault()
  }

  /** What a closed or reloaded window left unsaved. */
  function restore() {
    let left
    try {
      left = JSON.parse(sessionStorage.getItem(drawer) ?? 'null')
    } catch {
      left = null
    }
    if (left === null || !Array.isArray(left.mine?.fields) || !Array.isArray(left.base?.fields)) return
    const { document } = merge(left.base, left.mine, { roles: base.roles, fields: base.fields })
    sessionStorage.removeItem(drawer)
    if (same(document, store.document)) return
    store.change(document, { name: t('save.restored') })
    say(t('save.restored'))
  }

  store.on('document', () => {
    keepCopy()
    if (store.document === saved) {
      // Undone and done again: what stands is what is stored.
      clearTimeout(timer)
      if (under === undefined) show('saved', t('save.saved'))
      return
    }
    show('unsaved', t('save.unsaved'))
    if (!ended) schedule()
  })
  addEventListener('beforeunload', guard)
  addEventListener('online', () => {
    if (store.document !== saved) void save()
  })
  show('saved', t('save.saved'))
  restore()
  return {
    save,
    get all() {
      return store.document === saved
    },
    /** The page is left on purpose; what could not be saved is kept for the next time. */
    release() {
      removeEventListener('beforeunload', guard)
    },
  }
}
