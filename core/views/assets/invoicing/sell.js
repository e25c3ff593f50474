import { call, calmly } from '../browser/page.js'
import { findGoods } from './goods.js'
import { element, isolated, part, say, till, words } from './till.js'

/**
 * The till: goods are found by name, code or barcode, amounts are the server's, Ctrl+Enter takes the money. A basket survives a
 * reload of the page; the till and whether it prints are remembered by this browser, for a browser stands at one till.
 */
const kept = 'khatm-till'
const fresh = () => ({ key: crypto.randomUUID(), lines: [] })

let sale = fresh()
let asked = 0
let selling = false

const payment = () => till.querySelector('input[name=payment]:checked').value
const wire = () => ({
  key: sale.key,
  place: part('place')?.value ?? '',
  payment: payment(),
  received: payment() === 'cash' ? part('received').value : '',
  lines: sale.lines.map(({ product, quantity, discount }) => ({ product, quantity, discount })),
})
const send = (path) => call(`/app/invoicing/${path}`, { method: 'POST', body: new URLSearchParams({ sale: JSON.stringify(wire()) }) })
const keep = () => sessionStorage.setItem(kept, JSON.stringify(sale))

/* Basket */
function take(one, many) {
  const known = sale.lines.find(({ product, discount }) => product === one.id && discount === '')
  if (known !== undefined && /^\d+$/.test(known.quantity) && /^\d+$/.test(many))
    known.quantity = String(Number(known.quantity) + Number(many))
  else sale.lines.push({ product: one.id, name: one.name, price: one.price, quantity: many, discount: '' })
  say(`${words.added} ${one.name}`)
  changed(true)
}

function draw() {
  part('lines').replaceChildren(...sale.lines.map(row))
  part('empty').hidden = sale.lines.length > 0
}

function row(line, index) {
  const field = (name, label, value, width) => {
    const input = element('input', {
      class: 'form-control k-end',
      inputmode: 'decimal',
      dir: 'ltr',
      'aria-label': `${label}: ${line.name}`,
      maxlength: '12',
      'data-path': `lines[${index}].${name}`,
    })
    input.value = value
    input.size = width
    input.addEventListener('input', () => {
      line[name] = input.value
      changed(false)
    })
    return input
  }
  const step = (sign, label, by) => {
    const button = element('button', { type: 'button', class: 'btn', 'aria-label': `${label}: ${line.name}` }, sign)
    button.addEventListener('click', () => {
      const next = Number(line.quantity) + by
      if (!Number.isInteger(next)) return
      if (next < 1) sale.lines.splice(index, 1)
      else line.quantity = String(next)
      changed(true)
      part('lines')
        .children[index]?.querySelector(by > 0 ? '[data-more]' : '[data-less]')
        ?.focus()
    })
    button.setAttribute(by > 0 ? 'data-more' : 'data-less', '')
    return button
  }
  const remove = element('button', { type: 'button', class: 'btn k-till-remove', 'aria-label': `${words.remove}: ${line.name}` }, '✕')
  remove.addEventListener('click', () => {
    sale.lines.splice(index, 1)
    changed(true)
    part('search').focus()
  })
  return element(
    'li',
    {},
    element('div', {}, isolated(line.name), element('div', { class: 'k-muted' }, isolated(line.price, { dir: 'ltr' }))),
    element('div', { class: 'k-till-amount' }, isolated('—', { dir: 'ltr' })),
    element(
      'div',
      { class: 'k-till-controls' },
      step('−', words.less, -1),
      field('quantity', words.quantity, line.quantity, 4),
      step('+', words.more, 1),
      element('label', {}, words.discount, field('discount', words.discount, line.discount, 6)),
      remove,
    ),
  )
}

function changed(redraw) {
  keep()
  if (redraw) draw()
  // Nobody pays a total of before.
  part('go').disabled = true
  void amounts()
}

const amounts = calmly(async () => {
  const mine = ++asked
  if (sale.lines.length === 0) return put({ lines: [], untaxed: null, tax: null, total: null, change: null, faults: [] })
  const answer = await send('sell/amounts').catch(() => undefined)
  if (mine !== asked) return undefined
  if (answer === undefined || !answer.ok) return fail([{ text: words.lost }])
  return put(await answer.json())
}, 90)

function put({ lines, untaxed, tax, total, change, faults }) {
  for (const [index, item] of [...part('lines').children].entries())
    item.querySelector('.k-till-amount bdi').textContent = lines?.[index] ?? '—'
  for (const [name, value] of Object.entries({ untaxed, tax, total, change })) part(name).textContent = value ?? '—'
  fail(faults)
  part('go').disabled = total === null || faults.length > 0 || selling
}

function fail(faults) {
  const wrong = new Set(faults.map(({ path }) => path))
  for (const input of till.querySelectorAll('[data-path]')) input.classList.toggle('is-invalid', wrong.has(input.dataset.path))
  part('received').classList.toggle('is-invalid', wrong.has('received'))
  part('faults').replaceChildren(
    ...faults.map(({ text, code }) => element('div', {}, text, ' ', isolated(code ?? '', { class: 'k-code' }))),
  )
  part('faults').hidden = faults.length === 0
}

/* Money */
function pay(method) {
  till.querySelector(`input[name=payment][value=${method}]`).checked = true
  part('cash').hidden = method !== 'cash'
  changed(false)
  if (method === 'cash') part('received').focus()
  else part('go').focus()
}

async function sell() {
  if (selling || part('go').disabled) return
  selling = true
  part('go').disabled = true
  try {
    const answer = await send('sell')
    if (answer.status === 422) return fail((await answer.json()).faults)
    if (!answer.ok) return fail([{ text: words.lost }])
    done(await answer.json())
  } catch {
    // Whether it was sold is not known: the same key asks again, and is sold once.
    fail([{ text: words.lost }])
  } finally {
    selling = false
    if (sale.lines.length > 0) part('go').disabled = false
  }
}

function done({ number, total, change, slip, page }) {
  part('done-number').textContent = number
  part('done-total').textContent = total
  part('done-change').textContent = change ?? ''
  for (const row of part('done').querySelectorAll('[data-change]')) row.hidden = change === null
  part('slip').href = slip
  part('open').href = page
  sale = fresh()
  part('received').value = ''
  changed(true)
  part('done').showModal()
  part('next').focus()
  if (part('print').checked) open(slip, '_blank', 'noopener')
}

function start() {
  try {
    const stored = JSON.parse(sessionStorage.getItem(kept) ?? 'null')
    if (Array.isArray(stored?.lines) && typeof stored.key === 'string') sale = stored
  } catch {
    sessionStorage.removeItem(kept)
  }
  const place = part('place')
  const remembered = localStorage.getItem(`${kept}-place`)
  if (place?.tagName === 'SELECT') {
    if ([...place.options].some(({ value }) => value === remembered)) place.value = remembered
    place.addEventListener('change', () => {
      localStorage.setItem(`${kept}-place`, place.value)
      changed(false)
    })
  }
  part('print').checked = localStorage.getItem(`${kept}-print`) !== 'no'
  part('print').addEventListener('change', () => localStorage.setItem(`${kept}-print`, part('print').checked ? 'yes' : 'no'))
  findGoods(take)
  for (const radio of till.querySelectorAll('input[name=payment]')) radio.addEventListener('change', () => pay(radio.value))
  part('received').addEventListener('input', () => changed(false))
  part('received').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.ctrlKey) part('go').focus()
  })
  part('go').addEventListener('click', () => void sell())
  part('next').addEventListener('click', () => part('done').close())
  part('done').addEventListener('close', () => part('search').focus())
  document.addEventListener('keydown', (event) => {
    if (part('done').open) return
    if (event.key === 'F8' || event.key === 'F9') {
      event.preventDefault()
      pay(event.key === 'F8' ? 'cash' : 'card')
    } else if (event.key === 'Enter' && event.ctrlKey) {
      event.preventDefault()
      void sell()
    }
  })
  changed(true)
  part('search').focus()
}

if (till !== null) start()
