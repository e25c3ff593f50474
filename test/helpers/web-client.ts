import assert from 'node:assert/strict'

export interface WebAnswer {
  readonly status: number
  readonly text: string
  /** As they came: of a download. */
  readonly bytes: Buffer
  readonly location: string | null
  readonly headers: Headers
}

/** A browser without scripts: keeps cookies, follows no redirect, fills in the form token of the last page. */
export class WebClient {
  readonly cookies = new Map<string, string>()
  token = ''

  constructor(readonly url: string) {}

  async get(path: string, headers: Readonly<Record<string, string>> = {}): Promise<WebAnswer> {
    const answer = await fetch(this.url + path, { redirect: 'manual', headers: { cookie: this.#cookieHeader(), ...headers } })
    return this.#read(answer)
  }

  /** Posts a form; `token: null` leaves the token out. */
  async post(
    path: string,
    fields: Readonly<Record<string, string>> | readonly (readonly [string, string])[],
    options: { token?: string | null; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<WebAnswer> {
    const body = new URLSearchParams()
    if (options.token !== null) body.append('_token', options.token ?? this.token)
    for (const [name, value] of Array.isArray(fields) ? (fields as [string, string][]) : Object.entries(fields)) body.append(name, value)
    const answer = await fetch(this.url + path, {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: this.#cookieHeader(), 'content-type': 'application/x-www-form-urlencoded', ...options.headers },
      body: body.toString(),
    })
    return this.#read(answer)
  }

  /** Posts a form with files, as a browser does. */
  async upload(
    path: string,
    files: Readonly<Record<string, { readonly name: string; readonly bytes: Uint8Array }>>,
    options: { token?: string } = {},
  ): Promise<WebAnswer> {
    const body = new FormData()
    body.append('_token', options.token ?? this.token)
    for (const [field, file] of Object.entries(files)) body.append(field, new Blob([Uint8Array.from(file.bytes)]), file.name)
    const answer = await fetch(this.url + path, { method: 'POST', redirect: 'manual', headers: { cookie: this.#cookieHeader() }, body })
    return this.#read(answer)
  }

  async login(login: string, password: string): Promise<void> {
    await this.get('/login')
    const answer = await this.post('/login', { login, password })
    assert.equal(answer.status, 303, answer.text)
    await this.get('/app')
  }

  #cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  async #read(answer: Response): Promise<WebAnswer> {
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ''] = line.split(';')
      const split = pair.indexOf('=')
      const value = pair.slice(split + 1)
      if (value === '' || /expires=thu, 01 jan 1970/i.test(line)) this.cookies.delete(pair.slice(0, split))
      else this.cookies.set(pair.slice(0, split), value)
    }
    const bytes = Buffer.from(await answer.arrayBuffer())
    const text = bytes.toString('utf8')
    this.token = /name="khatm-token" content="([^"]+)"/.exec(text)?.[1]?.replaceAll('&#x3D;', '=') ?? this.token
    return { status: answer.status, text, bytes, location: answer.headers.get('location'), headers: answer.headers }
  }
}
