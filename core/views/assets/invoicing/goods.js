import { call, calmly } from '../browser/page.js'
import { element, isolated, part, say, words } from './till.js'

/** Goods found by name, code or barcode while one types or scans; who asked for them gets what was taken. */

let found = []
let chosen = 0
let take

async function look(typed) {
  const answer = await call(`/app/invoicing/sell/goods?q=${encodeURIComponent(typed)}`)
  return answer.ok ? answer.json() : { exact: null, goods: [] }
}

/** `3*pen`: three of them. */
function asTyped() {
  const [, many, rest] = /^\s*([\d.,٠-٩٫]+)\s*[*×]\s*(.*)$/.exec(part('search').value) ?? [null, '1', part('search').value]
  return { many, rest: rest.trim() }
}

const suggest = calmly(async () => {
  const { rest } = asTyped()
  if (rest === '') return hide()
  const { goods } = await look(rest)
  if (asTyped().rest !== rest) return undefined
  found = goods
  chosen = 0
  return show()
}, 120)

function show() {
  const list = part('found')
  list.replaceChildren(
    ...found.map((one, index) => {
      const option = element(
        'div',
        { role: 'option', id: `till-found-${index}`, 'aria-selected': String(index === chosen) },
        isolated(one.name),
      )
      option.append(isolated(one.price, { dir: 'ltr' }))
      option.addEventListener('mousedown', (event) => {
        event.preventDefault()
        take(one, asTyped().many)
      })
      return option
    }),
  )
  if (found.length === 0) list.append(element('p', { class: 'k-muted' }, words.none))
  list.hidden = false
  part('search').setAttribute('aria-expanded', 'true')
  if (found.length > 0) part('search').setAttribute('aria-activedescendant', `till-found-${chosen}`)
  document.getElementById(`till-found-${chosen}`)?.scrollIntoView({ block: 'nearest' })
}

function hide() {
  found = []
  part('found').hidden = true
  part('search').setAttribute('aria-expanded', 'false')
  part('search').removeAttribute('aria-activedescendant')
}

/** A scanner types faster than the list comes: what was typed is asked for whole. */
async function enter() {
  const { many, rest } = asTyped()
  if (rest === '') return
  const open = !part('found').hidden
  const picked = open ? found[chosen] : undefined
  const { exact, goods } = await look(rest)
  const one = goods.find(({ id }) => id === exact) ?? picked ?? (goods.length === 1 ? goods[0] : undefined)
  if (one !== undefined) return take(one, many)
  found = goods
  chosen = 0
  show()
  if (goods.length === 0) say(words.none)
}

/** `taken(goods, quantity)`: what was chosen, and how many of them as typed. */
export function findGoods(taken) {
  take = (one, many) => {
    part('search').value = ''
    hide()
    taken(one, many)
  }
  part('search').addEventListener('input', suggest)
  part('search').addEventListener('blur', hide)
  part('search').addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.ctrlKey) {
      event.preventDefault()
      void enter()
    } else if (event.key === 'Escape') hide()
    else if ((event.key === 'ArrowDown' || event.key === 'ArrowUp') && found.length > 0) {
      event.preventDefault()
      chosen = (chosen + (event.key === 'ArrowDown' ? 1 : found.length - 1)) % found.length
      show()
    }
  })
}
