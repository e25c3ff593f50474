/** An element with properties, attributes (`aria-…`, `data-…`) and children. */
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === false) continue
    if (key.includes('-') || key === 'for' || key === 'role' || key === 'list') element.setAttribute(key, value === true ? '' : value)
    else element[key] = value
  }
  element.append(...children.filter((child) => child !== undefined && child !== null))
  return element
}
