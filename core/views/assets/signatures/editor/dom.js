/** What the editor's scripts share of the page: its texts, its icons, its live region, and one way to make elements. */
export const root = document.getElementById('se-editor')
const texts = JSON.parse(root.dataset.texts)
const icons = document.getElementById('se-icons')
const live = document.getElementById('se-live')

/** Text of the editor in the reader's language; `{{name}}` is replaced. */
export function t(key, params = {}) {
  return (texts[key] ?? key).replace(/\{\{(\w+)\}\}/g, (whole, name) => (name in params ? String(params[name]) : whole))
}

/** A copy of an icon that the page brought. */
export function icon(name) {
  const found = icons.content.querySelector(`[data-icon="${name}"] > svg`)
  return found === null ? document.createElement('span') : found.cloneNode(true)
}

/** Names the element's text or value goes into as a property; the rest are attributes. */
const properties = new Set(['value', 'checked', 'disabled', 'hidden', 'selected', 'textContent', 'className', 'open', 'multiple'])

/**
 * Makes an element. `on` holds listeners, `data` the data attributes, `style` single properties (set by script: attributes of style
 * are not allowed here).
 */
export function h(name, given = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue
    if (key === 'on') for (const [type, work] of Object.entries(value)) element.addEventListener(type, work)
    else if (key === 'data') Object.assign(element.dataset, value)
    else if (key === 'style') for (const [property, one] of Object.entries(value)) element.style.setProperty(property, one)
    else if (properties.has(key)) element[key] = value
    else if (value === true) element.setAttribute(key, '')
    else if (value !== false) element.setAttribute(key, String(value))
  }
  element.append(...children.flat().filter((child) => child !== undefined && child !== null && child !== false))
  return element
}

let silence
/** Says something to who does not see the page; the same words twice are said twice. */
export function announce(text) {
  clearTimeout(silence)
  live.textContent = ''
  silence = setTimeout(() => {
    live.textContent = text
  }, 60)
}

let numbers = 0
export function freshId(stem) {
  numbers += 1
  return `se-${stem}-${numbers}`
}
