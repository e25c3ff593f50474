/** Where the host keeps what this page may load, and the token its calls carry. */
export const assets = document.querySelector('meta[name=khatm-assets]').content
const token = document.querySelector('meta[name=khatm-token]').content

export const timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone ?? ''

/** What the host says of a call that it refuses, in the reader's language. */
export class Refusal extends Error {
  constructor(message, status) {
    super(message)
    this.status = status
  }
}

/** Posts a form; answers JSON. */
export async function post(path, fields, files = {}) {
  const body = new FormData()
  body.append('timeZone', timeZone)
  for (const [name, value] of Object.entries(fields)) body.append(name, value)
  for (const [name, file] of Object.entries(files)) body.append(name, file)
  return read(await fetch(path, { method: 'POST', body, headers: { accept: 'application/json', 'x-khatm-token': token } }))
}

export async function get(path) {
  return read(await fetch(path, { headers: { accept: 'application/json' } }))
}

async function read(answer) {
  const body = await answer.json().catch(() => ({}))
  if (!answer.ok && body.finished === undefined) throw new Refusal(body.error?.message ?? '', answer.status)
  return body
}
