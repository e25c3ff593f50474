// What every part of the desk's page uses: texts, elements, calls. The secret comes in the fragment, goes out of the address bar at once
// and lives as long as the tab.
const secret = takeSecret()
let texts = {}
/** The language of the page; `loadTexts` settles it. */
export let language = localStorage.getItem('language') ?? ''

function takeSecret() {
  const given = location.hash.slice(1)
  if (given !== '') {
    sessionStorage.setItem('secret', given)
    history.replaceState(null, '', '/')
  }
  return sessionStorage.getItem('secret') ?? ''
}

export const byId = (id) => document.getElementById(id)

export function t(key, params = {}) {
  return (texts[`agent.page.${key}`] ?? key).replace(/\{\{(\w+)\}\}/g, (_whole, name) => String(params[name] ?? ''))
}

/** An element with its attributes and children; texts are always text nodes. */
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) made.addEventListener(key.slice(2), value)
    else if (typeof value === 'boolean') made[key] = value
    else if (value !== undefined && value !== null) made.setAttribute(key, value)
  }
  made.append(...children.filter((child) => child !== null && child !== undefined))
  return made
}

export const bdi = (text, attributes = {}) => el('bdi', attributes, text)

export function dateText(iso, withTime = false) {
  const options = withTime ? { dateStyle: 'medium', timeStyle: 'short' } : { dateStyle: 'medium' }
  return new Intl.DateTimeFormat(`${language}-u-nu-latn`, options).format(new Date(iso))
}

export async function call(path, options = {}) {
  const answer = await fetch(`${path}${path.includes('?') ? '&' : '?'}lang=${language}`, {
    ...options,
    headers: { 'x-khatm-desk': secret },
    cache: 'no-store',
  })
  const body = await answer.json()
  if (!answer.ok) throw Object.assign(new Error(body.message), { code: body.code, status: answer.status })
  return body
}

export function notice(text, kind = '') {
  const place = byId('notice')
  place.hidden = text === ''
  place.className = `note ${kind}`
  place.textContent = text
}

export async function loadTexts() {
  const answer = await (await fetch(`/texts${language === '' ? '' : `?lang=${language}`}`)).json()
  language = answer.locale
  texts = answer.texts
  document.documentElement.lang = language
  document.documentElement.dir = language === 'ar' ? 'rtl' : 'ltr'
  document.title = t('title')
  byId('title').textContent = t('title')
  const names = { ar: 'العربية', en: 'English', bg: 'Български' }
  byId('language').setAttribute('aria-label', t('language'))
  byId('language').replaceChildren(
    ...answer.locales.map((code) => el('option', { value: code, lang: code, selected: code === language }, names[code] ?? code)),
  )
}

export function speak(chosen) {
  language = chosen
  localStorage.setItem('language', language)
  return loadTexts()
}
