// What waits for a signature: documents by token, their sum, the PIN, refusal.
import { amount, sums } from './amounts.js'
import { drawBeside } from './beside.js'
import { bdi, byId, call, dateText, el, language, loadTexts, notice, speak, t } from './page.js'

let state
const chosen = new Set()
const known = new Set()
const read = new Map()
let refusing = false
let busy = false

/** The tokens that pending documents need, each with its own list, PIN and button: one PIN signs one batch. */
function groups() {
  const all = new Map()
  for (const offer of state.pending) {
    const key = offer.token ?? `missing:${offer.wantedToken ?? ''}`
    all.set(key, [...(all.get(key) ?? []), offer])
  }
  return [...all]
}

function drawPending() {
  const place = byId('pending')
  const typed = place.querySelector('input[type=password]')?.value ?? ''
  const focused = document.activeElement?.id
  const open = new Set([...place.querySelectorAll('details[open]')].map((one) => one.dataset.id))
  const parts = [el('h2', { id: 'pending-title' }, t('pending'))]
  if (state.hosts.length === 0) {
    parts.push(el('p', {}, t('unpaired')), el('p', {}, bdi('khatm agent pair https://…', { class: 'code', dir: 'ltr' })))
  } else if (state.pending.length === 0) {
    parts.push(el('p', { class: 'soft' }, t('none')))
  }
  for (const [key, offers] of groups()) parts.push(drawGroup(key, offers, open))
  place.replaceChildren(...parts)
  const field = place.querySelector('input[type=password]')
  if (field !== null) field.value = typed
  if (focused) byId(focused)?.focus()
}

function drawGroup(key, offers, open) {
  const token = state.tokens.find((one) => one.serial === key)
  const ready = offers.filter((offer) => offer.fault === null)
  const picked = ready.filter((offer) => chosen.has(offer.id))
  const group = el('div', { class: 'group' })
  if (token === undefined) group.append(el('p', { class: 'note warn' }, t('token.missing', { token: offers[0].wantedToken ?? '' })))
  if (ready.length > 1) {
    const box = el('input', {
      type: 'checkbox',
      id: `all-${key}`,
      checked: picked.length === ready.length,
      onchange: (event) => {
        for (const offer of ready) event.target.checked ? chosen.add(offer.id) : chosen.delete(offer.id)
        draw()
      },
    })
    box.indeterminate = picked.length > 0 && picked.length < ready.length
    group.append(el('label', { class: 'all' }, box, t('all')))
  }
  group.append(el('ul', {}, ...offers.map((offer) => drawOffer(offer, open))))
  if (token !== undefined && ready.length > 0) group.append(drawActions(token, picked))
  return group
}

function drawOffer(offer, open) {
  const [use] = offer.uses
  const label = offer.uses.map(({ label: text }) => text).join(' · ') || offer.digest.slice(0, 16)
  const id = `offer-${offer.id}`
  return el(
    'li',
    { class: 'row' },
    el('input', {
      type: 'checkbox',
      id,
      checked: chosen.has(offer.id),
      disabled: offer.fault !== null || busy,
      onchange: (event) => {
        event.target.checked ? chosen.add(offer.id) : chosen.delete(offer.id)
        draw()
      },
    }),
    el('label', { for: id, class: 'name' }, bdi(label)),
    use?.amount ? amount(use.amount.value, use.amount.currency) : el('span'),
    el(
      'div',
      { class: 'more' },
      el('div', { class: 'soft small' }, use === undefined ? '' : `${t(`purpose.${use.purpose}`)} — `, bdi(offer.company)),
      offer.fault === null ? null : el('div', { class: 'note bad small' }, offer.fault.message),
      offer.tie === 'not-tied' && offer.fault === null ? el('div', { class: 'note warn small' }, t('tie.not-tied')) : null,
      el(
        'details',
        { 'data-id': offer.id, open: open.has(offer.id), class: 'small' },
        el('summary', {}, t('details')),
        el(
          'dl',
          {},
          ...(offer.askedBy === null
            ? []
            : [el('dt', {}, t('asked')), el('dd', {}, bdi(offer.askedBy), ' — ', dateText(offer.createdAt, true))]),
          ...offer.facts.flatMap(({ label, value }) => [el('dt', {}, label), el('dd', {}, bdi(value))]),
          ...(use?.documentHash ? [el('dt', {}, t('hash')), el('dd', { class: 'code' }, bdi(use.documentHash, { dir: 'ltr' }))] : []),
          el('dt', {}, t('digest')),
          el('dd', { class: 'code' }, bdi(`${offer.digestAlgorithm}:${offer.digest}`, { dir: 'ltr' })),
        ),
        el('p', { class: 'soft' }, t(`tie.${offer.tie}`)),
        offer.tie === 'read' ? el('button', { type: 'button', onclick: () => readWhole(offer.id) }, t('read')) : null,
        read.has(offer.id) ? el('pre', { class: 'code document', dir: 'auto', tabindex: '0' }, read.get(offer.id)) : null,
      ),
    ),
  )
}

/** The whole document, as this PC read it (not as the host tells it). */
async function readWhole(id) {
  try {
    read.set(id, (await call(`/api/document?id=${id}`)).text)
    draw()
  } catch (error) {
    notice(error.message, 'bad')
  }
}

function drawActions(token, picked) {
  const count = picked.length
  const asksPin = token.loginRequired && !token.unlocked && !token.pinPad && !token.pinLocked
  const totals = sums(picked)
  const rows = [
    el(
      'div',
      { class: 'sums' },
      el('span', {}, t('chosen', { count })),
      el('span', {}, ...totals.flatMap(({ value, currency }, index) => [index > 0 ? ' + ' : '', amount(value, currency)])),
    ),
  ]
  if (refusing) {
    rows.push(
      el(
        'form',
        { class: 'line', onsubmit: refuse },
        el('label', { for: 'reason' }, t('refuse.reason')),
        el('input', { type: 'text', id: 'reason', name: 'reason', required: true, maxlength: '200' }),
        el('button', { class: 'danger', type: 'submit', disabled: count === 0 }, t('refuse.confirm')),
        el('button', { type: 'button', onclick: () => ((refusing = false), draw()) }, t('cancel')),
      ),
    )
    return el('div', { class: 'actions' }, ...rows)
  }
  if (token.pinLocked) rows.push(el('p', { class: 'note bad' }, t('pin.locked')))
  else if (token.pinFinalTry) {
    rows.push(
      el('p', { class: 'note bad' }, t('pin.final')),
      el('label', { class: 'line' }, el('input', { type: 'checkbox', id: 'final' }), t('pin.final.accept')),
    )
  } else if (token.pinCountLow) rows.push(el('p', { class: 'note warn' }, t('pin.low')))
  if (token.unlocked) rows.push(el('p', { class: 'note' }, t('unlocked')))
  if (token.pinPad && !token.unlocked) rows.push(el('p', { class: 'note' }, t('pin.pad')))
  rows.push(
    el(
      'form',
      { class: 'line', autocomplete: 'off', onsubmit: (event) => sign(event, token, picked) },
      asksPin ? el('label', { for: 'pin' }, t('pin'), ' ', bdi(token.label, { class: 'soft' })) : null,
      asksPin
        ? el('input', { type: 'password', id: 'pin', autocomplete: 'off', required: true, maxlength: '64', 'aria-describedby': 'pin-help' })
        : null,
      el('button', { class: 'main', type: 'submit', disabled: count === 0 || busy || token.pinLocked }, t('sign', { count })),
      el(
        'button',
        {
          class: 'danger',
          type: 'button',
          disabled: count === 0 || busy,
          onclick: () => ((refusing = true), draw(), byId('reason')?.focus()),
        },
        t('refuse'),
      ),
      token.unlocked ? el('button', { type: 'button', onclick: () => call('/api/lock', { method: 'POST' }) }, t('lock')) : null,
    ),
  )
  if (asksPin) rows.push(el('div', { class: 'soft small', id: 'pin-help' }, t('pin.help')))
  return el('div', { class: 'actions' }, ...rows)
}

async function sign(event, token, picked) {
  event.preventDefault()
  const field = byId('pin')
  const finalTry = byId('final')?.checked ?? false
  const head = new TextEncoder().encode(`${JSON.stringify({ ids: picked.map(({ id }) => id), finalTry })}\0`)
  const pin = new TextEncoder().encode(field?.value ?? '')
  const body = new Uint8Array(head.length + pin.length)
  body.set(head)
  body.set(pin, head.length)
  pin.fill(0)
  if (field !== null) field.value = ''
  busy = true
  draw()
  try {
    const { results } = await call('/api/sign', { method: 'POST', body })
    const signed = results.filter((one) => one.state === 'signed').length
    const message = results.find((one) => one.message !== undefined)?.message
    const text = t('signed', { count: signed, of: results.length })
    notice(message === undefined ? text : `${text} ${message}`, message === undefined ? '' : 'warn')
  } catch (error) {
    notice(error.message, 'bad')
  } finally {
    body.fill(0)
    busy = false
    draw()
    byId('pin')?.focus()
  }
}

async function refuse(event) {
  event.preventDefault()
  const ids = state.pending.filter((offer) => chosen.has(offer.id)).map(({ id }) => id)
  try {
    await call('/api/refuse', { method: 'POST', body: JSON.stringify({ ids, reason: byId('reason').value }) })
    refusing = false
  } catch (error) {
    notice(error.message, 'bad')
  }
}

function draw() {
  if (state === undefined) return
  if (state.progress !== null) notice(t('working', state.progress))
  for (const offer of state.pending) {
    // New documents come chosen: the usual day is "sign all"; what must not be signed is unticked or refused.
    if (!known.has(offer.id) && offer.fault === null && offer.tie !== 'not-tied') chosen.add(offer.id)
    known.add(offer.id)
  }
  drawPending()
  drawBeside(state)
}

async function follow() {
  let since = 0
  let lost = false
  for (;;) {
    try {
      const asked = language
      const news = await call(`/api/state?since=${since}`)
      // Asked before the language was changed: those texts are old, the newer state is here already.
      if (asked !== language) continue
      state = news
      since = state.version
      if (lost) notice('')
      lost = false
      draw()
    } catch (error) {
      if (error.status === 403) {
        notice(t('foreign'), 'bad')
        return
      }
      lost = true
      notice(t('lost'), 'bad')
      await new Promise((resolve) => setTimeout(resolve, 2000))
    }
  }
}

byId('language').addEventListener('change', async (event) => {
  await speak(event.target.value)
  state = await call('/api/state?since=0')
  draw()
})

await loadTexts()
await follow()
