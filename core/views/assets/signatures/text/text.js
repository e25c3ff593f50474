// The editor of written texts: clauses in one or two languages, values and fields to insert, and the paper beside them.
import { calmly, call, token } from '../../browser/page.js'
import { clearFault, showFaults } from './faults.js'
import { drawInserts, writingIn } from './inserts.js'
import { mergeList } from './merges.js'
import { content, direction, element, icon, label, option, place, root, say, setup, texts } from './page.js'
import { drawPages } from './paper.js'

let { versionId, revision } = setup
let saved = JSON.stringify(content)
let deleted

/** A text of one language: a line, or a paragraph that grows with what is in it. */
function textField(path, language, words, holder, key, rows) {
  const field = element(rows === 0 ? 'input' : 'textarea', {
    class: 'form-control',
    'data-path': `content.${path}.${language}`,
    'aria-label': `${words} (${label(language)})`,
    placeholder: words,
    lang: language,
    dir: direction(language),
    ...(rows === 0 ? { maxlength: '500' } : { rows: String(rows) }),
  })
  field.value = holder[key]?.[language] ?? ''
  field.addEventListener('focus', () => writingIn(field))
  field.addEventListener('input', () => {
    holder[key] = { ...holder[key], [language]: field.value }
    if (field.value === '') delete holder[key][language]
    grow(field)
    clearFault(field)
    changed()
  })
  return field
}

function grow(field) {
  if (field.tagName !== 'TEXTAREA') return
  field.style.height = 'auto'
  field.style.height = `${Math.min(field.scrollHeight + 4, 640)}px`
}

function columns(fill) {
  return element(
    'div',
    { class: `te-columns${content.languages.length === 2 ? ' te-two' : ''}` },
    content.languages.map((language) => element('div', { class: 'te-column', dir: direction(language) }, fill(language))),
  )
}

function button(name, words, work, disabled = false) {
  const made = element('button', { type: 'button', class: 'k-iconbutton', 'aria-label': words, title: words, onclick: work }, [icon(name)])
  made.disabled = disabled
  return made
}

function drawHead() {
  const head = columns((language) => [
    textField('title', language, setup.texts.heading, content, 'title', 0),
    textField('preamble', language, setup.texts.body, content, 'preamble', 2),
  ])
  head.id = 'te-head'
  place('head').replaceWith(head)
  for (const field of head.querySelectorAll('textarea')) grow(field)
}

function drawClauses() {
  const list = place('clauses')
  list.replaceChildren(
    ...content.clauses.map((clause, index) => {
      const words = `${texts.clause} ${index + 1}`
      const item = element('li', { class: 'te-clause', 'data-index': String(index) }, [
        element('div', { class: 'te-clausehead' }, [
          element('h2', {}, [words]),
          button('up', `${texts.up}: ${words}`, () => move(index, -1), index === 0),
          button('down', `${texts.down}: ${words}`, () => move(index, 1), index === content.clauses.length - 1),
          button('add', `${texts.add}: ${words}`, () => add(index + 1)),
          button('delete', `${texts.delete}: ${words}`, () => remove(index)),
        ]),
        columns((language) => [
          textField(`clauses[${index}].heading`, language, texts.heading, clause, 'heading', 0),
          textField(`clauses[${index}].body`, language, texts.body, clause, 'body', 3),
        ]),
      ])
      return item
    }),
  )
  for (const field of list.querySelectorAll('textarea')) grow(field)
}

function focusClause(index, selector = 'input') {
  place('clauses').children[index]?.querySelector(selector)?.focus()
}

function move(index, by) {
  const to = index + by
  if (to < 0 || to >= content.clauses.length) return
  const [clause] = content.clauses.splice(index, 1)
  content.clauses.splice(to, 0, clause)
  drawClauses()
  const [up, down] = place('clauses').children[to].querySelectorAll('.te-clausehead button')
  const wanted = by < 0 ? up : down
  ;(wanted.disabled ? (by < 0 ? down : up) : wanted).focus()
  say(texts.moved.replace('{{number}}', String(to + 1)))
  changed()
}

function add(index) {
  content.clauses.splice(index, 0, { heading: {}, body: {} })
  drawClauses()
  focusClause(index)
  changed()
}

function remove(index) {
  const [clause] = content.clauses.splice(index, 1)
  deleted = { clause, index }
  drawClauses()
  const state = place('state')
  state.replaceChildren(`${texts.deleted} `, element('button', { type: 'button', class: 'k-linkbutton', onclick: restore }, [texts.undo]))
  state.querySelector('button').focus()
  changed(false)
}

function restore() {
  if (deleted === undefined) return
  content.clauses.splice(deleted.index, 0, deleted.clause)
  drawClauses()
  focusClause(deleted.index)
  deleted = undefined
  changed()
}

// Languages.
function drawLanguages() {
  const [first, second] = content.languages
  place('first').replaceChildren(...setup.languages.map((one) => option(one.locale, one.label, one.locale === first)))
  place('second').replaceChildren(
    option('', texts['second-none'], second === undefined),
    ...setup.languages.filter(({ locale }) => locale !== first).map((one) => option(one.locale, one.label, one.locale === second)),
  )
  place('prevailing-row').hidden = second === undefined
  place('prevailing').replaceChildren(
    option('', texts['no-prevailing'], content.prevailing === undefined),
    ...content.languages.map((language) => option(language, label(language), language === content.prevailing)),
  )
}

function setLanguages(first, second) {
  content.languages = second === '' || second === first ? [first] : [first, second]
  if (content.languages.length === 1 || !content.languages.includes(content.prevailing)) delete content.prevailing
  drawAll()
  changed()
}

place('first').addEventListener('change', (event) => setLanguages(event.target.value, place('second').value))
place('second').addEventListener('change', (event) => setLanguages(place('first').value, event.target.value))
place('prevailing').addEventListener('change', (event) => {
  if (event.target.value === '') delete content.prevailing
  else content.prevailing = event.target.value
  changed()
})

// Saving and the paper.

function changed(speak = true) {
  if (speak) say(JSON.stringify(content) === saved ? texts.saved : texts.unsaved)
  preview()
}

async function post(url, body) {
  const form = new URLSearchParams({ _token: token, ...body })
  const answer = await call(url, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  })
  if (!answer.ok) throw new Error(String(answer.status))
  return answer
}

async function save() {
  const sent = JSON.stringify(content)
  say(texts.saving)
  try {
    const answer = await (await post(setup.url, { content: sent, versionId, revision: String(revision) })).json()
    if (answer.faults !== undefined) {
      showFaults(answer.faults)
      say(texts.unsaved)
      return
    }
    ;({ versionId, revision } = answer)
    saved = sent
    showFaults([])
    say(JSON.stringify(content) === saved ? texts.saved : texts.unsaved)
  } catch {
    say(texts.failed)
  }
}

/** What is still empty stands as dots, so that the paper can be seen while one writes. */
function shownContent() {
  const dots = (texts_) =>
    Object.fromEntries(content.languages.map((language) => [language, texts_?.[language]?.trim() ? texts_[language] : '…']))
  return {
    ...content,
    title: dots(content.title),
    clauses: content.clauses.map((clause) => ({ ...clause, body: dots(clause.body) })),
  }
}

let asked = 0
const preview = calmly(async () => {
  const mine = ++asked
  place('previewstate').textContent = texts.loading
  try {
    const answer = await post(`${setup.url}/preview`, { content: JSON.stringify(shownContent()) })
    if (mine !== asked) return
    if (answer.headers.get('content-type').startsWith('application/json')) {
      const { faults } = await answer.json()
      showFaults(faults, false)
      place('previewstate').textContent = faults[0]?.text ?? texts['preview-failed']
      return
    }
    const bytes = await answer.arrayBuffer()
    if (mine !== asked) return
    showFaults([], false)
    place('previewstate').textContent = ''
    await drawPages(place('pages'), bytes, texts.page)
  } catch {
    if (mine === asked) place('previewstate').textContent = texts['preview-failed']
  }
}, 500)

place('save').addEventListener('click', () => void save())
place('add').addEventListener('click', () => add(content.clauses.length))
place('toggle').addEventListener('click', () => {
  const showing = root.classList.toggle('te-showing')
  place('toggle').setAttribute('aria-pressed', String(showing))
  if (showing) preview()
})
document.addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 's') {
    event.preventDefault()
    void save()
    return
  }
  const clause = event.target instanceof Element ? event.target.closest('.te-clause') : null
  if (clause === null) return
  const index = Number(clause.dataset.index)
  if (event.altKey && (event.key === 'ArrowUp' || event.key === 'ArrowDown')) {
    event.preventDefault()
    move(index, event.key === 'ArrowUp' ? -1 : 1)
  } else if ((event.ctrlKey || event.metaKey) && event.key === 'Enter') {
    event.preventDefault()
    add(index + 1)
  }
})
addEventListener('beforeunload', (event) => {
  if (JSON.stringify(content) !== saved) event.preventDefault()
})

function drawAll() {
  drawLanguages()
  drawHead()
  drawClauses()
  drawInserts()
  merges.draw()
}

const merges = mergeList({
  list: place('mergelist'),
  button: place('mergeadd'),
  content,
  texts,
  types: setup.mergeTypes,
  element,
  option,
  icon,
  changed: () => {
    drawInserts()
    changed()
  },
})
drawAll()
preview()
root.dataset.ready = ''
